use phx_runtime::prelude::*;

struct Db;

struct Sock;
struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, db: State<Db>) -> Result<Self, JoinError> {
        drop(db);
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
