use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Lobby;

#[channel("room:lobby")]
impl Lobby {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Sock;

#[socket("/socket", websocket)]
#[channels(Room, "room:{id}" => Lobby)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
