use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket, log = debug)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
