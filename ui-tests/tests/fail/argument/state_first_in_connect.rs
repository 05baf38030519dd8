use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(limit: State<u32>) -> Result<Self, ConnectError> {
        let _ = limit;
        Ok(Self)
    }
}

fn main() {}
