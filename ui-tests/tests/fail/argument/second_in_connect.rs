use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, token: String) -> Result<Self, ConnectError> {
        drop(token);
        Ok(Self)
    }
}

fn main() {}
