use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_user: &mut Sock) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

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
