use phx_runtime::prelude::*;

#[channel("room:*")]
struct Room {
    users: usize,
}

struct Sock;

// Uses of the type are not reported as well.
#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
