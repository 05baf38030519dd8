use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, mut seats: State<u32>) -> Result<Self, JoinError> {
        seats.0 -= 1;
        if seats.0 > 0 { Ok(Self) } else { Err(JoinError::new("full")) }
    }
}

fn main() {}
