use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(timeout = None))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
