use phx_runtime::prelude::*;

struct User;

#[socket("/user", websocket)]
#[channels(Room)]
impl User {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Public;

#[socket("/public", websocket)]
#[channels(Room)]
impl Public {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(user: &User) -> Result<Self, JoinError> {
        let User = user;
        Ok(Self)
    }
}

fn main() {}
