use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(timeout = "45sec"), longpoll(window = "1m30s", max_body_size = "1mb"))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
