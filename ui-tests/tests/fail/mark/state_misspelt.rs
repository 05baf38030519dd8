use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assign]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }
}

fn main() {}
