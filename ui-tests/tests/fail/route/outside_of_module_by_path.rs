#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }
}

#[phx_runtime::socket("/socket", websocket)]
#[channels("room:*" => room::Room)]
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
