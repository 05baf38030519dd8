use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(timeout = 60), longpoll(window = "10", token_max_age = "two weeks"))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
