use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
#[channels()]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
