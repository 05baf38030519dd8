use phx_runtime::prelude::*;

struct Room;

#[channels("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
