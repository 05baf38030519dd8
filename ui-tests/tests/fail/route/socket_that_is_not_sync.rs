use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_user: &Sock) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Sock {
    _count: std::cell::Cell<u8>,
}

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self { _count: 0.into() })
    }
}

fn main() {}
