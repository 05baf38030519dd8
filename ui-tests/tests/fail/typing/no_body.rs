use phx_runtime::prelude::*;

struct Room;

#[channel("room")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("ok")]
    fn ok(&self) {}

    #[handle_in("new_msg")]
    fn new_msg(&mut self, )
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
