use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[terminate]
    fn bye(&self, limit: State<u8>) {
        let _ = limit;
    }
}

fn main() {}
