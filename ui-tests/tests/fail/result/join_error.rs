use phx_runtime::prelude::*;

struct Full;
struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, Full> {
        Ok(Self)
    }
}

fn main() {}
