use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Sock;

#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
