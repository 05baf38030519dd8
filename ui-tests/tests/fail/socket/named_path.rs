use phx_runtime::prelude::*;

struct Sock;

#[socket(path = "/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
