use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", transports(websocket, longpoll))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
