use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[terminate]
    fn bye(&self, _: Payload, _reason: Reason) {}
}

fn main() {}
