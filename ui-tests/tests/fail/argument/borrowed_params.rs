use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_params: &Params) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
