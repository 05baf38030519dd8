use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(id: u64) -> Result<Self, JoinError> {
        let _ = id;
        Ok(Self)
    }
}

struct Sock;

#[socket("/socket", websocket)]
#[channels("admin:*" => Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
