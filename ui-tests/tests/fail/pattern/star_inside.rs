use phx_runtime::prelude::*;

struct Room;

#[channel("ro*om:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
