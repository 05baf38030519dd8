use phx_runtime::prelude::*;

#[channel("room:lobby")]
impl Room {
    #[join]
    fn join(room_id: u64) -> Result<Self, JoinError> {
        if room_id > 0 { Ok(Self) } else { Err(JoinError::new("zero")) }
    }
}

struct Room;

fn main() {}
