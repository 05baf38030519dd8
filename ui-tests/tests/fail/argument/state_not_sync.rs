use phx_runtime::prelude::*;
use std::cell::Cell;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, seen: State<Cell<u32>>) {
        drop(seen);
    }
}

fn main() {}
