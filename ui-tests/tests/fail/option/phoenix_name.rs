use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", longpoll(window_ms = 10_000), max_channels_per_transport = 5)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
