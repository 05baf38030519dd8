use phx_runtime::prelude::*;

struct Missing;

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
#[channels(Lobby, Missing, Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
