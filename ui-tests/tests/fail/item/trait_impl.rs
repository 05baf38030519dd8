use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Default for Room {
    fn default() -> Self {
        Self
    }
}

fn main() {}
