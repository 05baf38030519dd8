use phx_runtime::prelude::*;

struct Room;

#[channel(b"room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
