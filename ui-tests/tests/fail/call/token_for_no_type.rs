use std::time::Duration;

use phx_runtime::token::Token;

struct User;

fn main() {
    let _: Result<User, _> = Token::verify("secret", "user", "token", Duration::MAX);
}
