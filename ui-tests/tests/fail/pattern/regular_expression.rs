use phx_runtime::prelude::*;

struct Room;

#[channel("room:[0-9]+")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
