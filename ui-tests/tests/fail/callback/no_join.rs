use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[handle_in("a")]
    fn a(&self) {}
}

fn main() {}
