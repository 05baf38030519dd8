#[phx_runtime::channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns(Room)]
    pub struct Room;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }
}

fn main() {}
