use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(time_out = "60s", colour = "red"), max_chanels = 5)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
