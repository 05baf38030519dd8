#[phx_runtime::channel("room:<id>")]
mod room {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Room;

    #[join]
    fn join(id: u64) -> Result<Room, JoinError> {
        let _ = id;
        Ok(Room)
    }
}

fn main() {}
