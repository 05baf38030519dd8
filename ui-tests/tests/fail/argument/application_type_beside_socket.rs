use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(_params: Payload, _user: &Sock, _store: Store, _id: u64) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[derive(Clone)]
struct Store;
struct Sock;

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
