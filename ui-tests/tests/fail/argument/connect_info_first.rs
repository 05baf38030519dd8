use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(info: ConnectInfo) -> Result<Self, ConnectError> {
        let _ = info;
        Ok(Self)
    }
}

fn main() {}
