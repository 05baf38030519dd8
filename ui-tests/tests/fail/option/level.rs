use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(transport_log = "warning"), log = 3)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
