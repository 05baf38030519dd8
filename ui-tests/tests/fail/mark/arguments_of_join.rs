use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join("room:*")]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
