use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(heartbeat = "30s", connect_info = ["peer_data"]))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
