use phx_runtime::prelude::*;

struct Missing;

struct Sock;

#[socket("/socket", websocket)]
#[channels(Missing)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
