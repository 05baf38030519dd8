use phx_runtime::prelude::*;

#[channel("room:*")]
impl Room {
    #[joined]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

struct Room;

fn main() {}
