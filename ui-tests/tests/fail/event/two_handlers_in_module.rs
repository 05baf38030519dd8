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

    #[handle_in("new_msg")]
    fn a(_room: &Room) {}

    #[handle_in("new_msg")]
    fn b(_room: &Room) {}
}

fn main() {}
