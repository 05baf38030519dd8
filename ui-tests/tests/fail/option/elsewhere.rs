use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(window = "10s"), timeout = "60s")]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
