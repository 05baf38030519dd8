use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_login: &Login) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Login;

fn main() {}
