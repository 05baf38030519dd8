struct User;

fn main() {
    let _ = phx_runtime::token::Token::sign("secret", "user", &User);
}
