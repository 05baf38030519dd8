use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id:03}")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
