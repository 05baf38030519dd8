use phx_runtime::prelude::*;

struct Room;

#[channel("room:{a}:{a}")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
