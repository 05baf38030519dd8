use phx_runtime::prelude::*;

#[channel("room:*")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[assigns]
    pub struct Other;

    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }
}

fn main() {}
