use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(check_origin = ours))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn ours(_origin: &str) -> bool {
    true
}

fn main() {}
