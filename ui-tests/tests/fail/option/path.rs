use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(path = "ws"), longpoll(path = "/lp/"))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
