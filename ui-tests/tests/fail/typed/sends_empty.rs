use phx_runtime::prelude::*;

struct Room;

#[channel("room:*", sends())]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
