fn main() {
    let _: Result<u64, _> = phx_runtime::token::Token::verify("secret", "user", "token", 86_400);
}
