use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(&self) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
