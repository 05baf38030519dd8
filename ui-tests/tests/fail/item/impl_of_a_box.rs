use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Box<Room> {
    #[join]
    fn join() -> Result<Room, JoinError> {
        Ok(Room)
    }
}

fn main() {}
