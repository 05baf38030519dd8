use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(subprotocols("a b", 1)))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
