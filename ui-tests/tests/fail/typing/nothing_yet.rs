use phx_runtime::prelude::*;

struct Room;

#[channel("room")]
impl Room {}

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
