use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket = true)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
