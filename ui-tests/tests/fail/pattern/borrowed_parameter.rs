use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(_id: &str) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {
    let _ = Room::topic("1");
}
