use phx_runtime::prelude::*;

struct User;

#[socket("/user", websocket)]
impl User {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Public;

#[socket("/public", websocket)]
#[channels(room::Room)]
impl Public {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    use super::User;

    #[assigns]
    pub struct Room;

    #[join]
    fn join(user: &User) -> Result<Room, JoinError> {
        let User = user;
        Ok(Room)
    }
}

fn main() {}
