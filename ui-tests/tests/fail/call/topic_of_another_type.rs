use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(id: u64) -> Result<Self, JoinError> {
        if id > 0 { Ok(Self) } else { Err(JoinError::new("zero")) }
    }
}

fn main() {
    Room::topic("lobby");
}
