use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a", NewMsg)]
    fn a(&self, msg: String) {
        let _ = msg;
    }
}

fn main() {}
