use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, info: ConnectInfo) -> Result<Self, ConnectError> {
        drop(info);
        Ok(Self)
    }
}

fn main() {}
