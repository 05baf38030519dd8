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

    #[assigns]
    fn state() {}
}

fn main() {}
