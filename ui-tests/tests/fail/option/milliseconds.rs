use phx_runtime::prelude::*;

struct Sock;

#[socket(
    "/socket",
    websocket(timeout = 45_000),
    longpoll(window = 10000, token_max_age = 1500),
    drainer(batch_interval = "2_000")
)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
