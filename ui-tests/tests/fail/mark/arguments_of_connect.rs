use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect("/socket")]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
