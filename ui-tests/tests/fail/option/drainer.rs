use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket, drainer(batch_sise = 5, shutdown = 30))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
