use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(room_id: u64) -> Result<Self, JoinError> {
        let _ = room_id;
        Ok(Self)
    }
}

fn main() {}
