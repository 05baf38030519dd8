#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_in("a")]
    fn a(_: &Room, name: String, socket: Socket) {
        socket.push("name", name);
    }
}

fn main() {}
