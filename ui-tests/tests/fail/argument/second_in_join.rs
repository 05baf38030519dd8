use phx_runtime::prelude::*;

struct Sock;
struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, seats: u32) -> Result<Self, JoinError> {
        drop(seats);
        Ok(Self)
    }
}

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
