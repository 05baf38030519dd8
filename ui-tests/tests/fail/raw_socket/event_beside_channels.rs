use phx_runtime::prelude::*;

struct Echo;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[socket("/echo", websocket)]
#[channels(Room)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, msg: Payload, socket: &Socket) {
        socket.push("new_msg", msg);
    }
}

fn main() {}
