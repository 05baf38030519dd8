use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(error_handler = "too_busy"), longpoll(error_handler = too_busy))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
