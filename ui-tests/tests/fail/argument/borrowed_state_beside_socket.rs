use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(_id: u64, _store: &Store, _user: &UserSocket) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[derive(Clone)]
struct Store;

struct UserSocket;

#[socket("/socket", websocket)]
#[channels(Room)]
impl UserSocket {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
