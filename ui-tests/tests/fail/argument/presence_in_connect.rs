use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, presence: Presence) -> Result<Self, ConnectError> {
        drop(presence);
        Ok(Self)
    }
}

fn main() {}
