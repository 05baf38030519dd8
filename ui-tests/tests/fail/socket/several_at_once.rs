use phx_runtime::prelude::*;

struct Sock;

#[socket("socket", websocket(timeuot = "60s"), long_poll, max_channels = "many")]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
