use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, socket: Socket) -> Result<Self, ConnectError> {
        drop(socket);
        Ok(Self)
    }
}

fn main() {}
