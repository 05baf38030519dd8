use phx_runtime::prelude::*;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(room: String) -> Result<Self, JoinError> {
        if room.is_empty() { Err(JoinError::new("empty")) } else { Ok(Self) }
    }
}

struct Room;

fn main() {}
