use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(params: Params, topic: &Topic) -> Result<Self, ConnectError> {
        let _ = (params, topic);
        Ok(Self)
    }
}

fn main() {}
