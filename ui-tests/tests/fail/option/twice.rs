use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(timeout = "60s", timeout = "30s"))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
