use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[id]
    fn id(&self) -> impl ToString {
        1
    }
}

fn main() {}
