use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[phx_runtime::socket("/socket", websocket)]
#[channels(Room)]
mod user_socket {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct UserSocket;

    #[connect]
    fn connect() -> Result<UserSocket, ConnectError> {
        Ok(UserSocket)
    }
}

fn main() {}
