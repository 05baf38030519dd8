use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(timeout = "0s", max_backlog = 0), max_channels = 0)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
