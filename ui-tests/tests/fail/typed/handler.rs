use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[event("new_msg")]
    fn new_msg(&self, body: String) {
        drop(body);
    }
}

fn main() {}
