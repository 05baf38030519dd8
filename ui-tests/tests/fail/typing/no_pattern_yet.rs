use phx_runtime::prelude::*;

struct Room;

#[channel()]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("ok")]
    fn ok(&self) {}
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

fn main() {
    let _ = Endpoint::builder().socket::<Sock>();
    let _ = Room::topic();
}
