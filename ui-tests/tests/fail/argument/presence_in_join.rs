use phx_runtime::prelude::*;

struct Sock;
struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, presence: Presence) -> Result<Self, JoinError> {
        drop(presence);
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
