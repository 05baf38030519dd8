use phx_runtime::prelude::*;

struct Login;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(params: Login) -> Result<Self, ConnectError> {
        let Login = params;
        Ok(Self)
    }
}

fn main() {}
