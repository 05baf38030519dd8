use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_inn("new_msg")]
    fn new_msg(_room: &Room) {}
}

fn main() {}
