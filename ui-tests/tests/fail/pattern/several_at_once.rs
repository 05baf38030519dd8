use phx_runtime::prelude::*;

struct Room;

#[channel("a*b", "c}", "phoenix")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
