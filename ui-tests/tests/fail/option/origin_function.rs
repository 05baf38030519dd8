use phx_runtime::prelude::*;

fn everyone() -> bool {
    true
}

struct Sock;

#[socket("/socket", websocket(check_origin = everyone))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
