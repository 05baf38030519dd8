use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info("after_join")]
    fn a(&self, socket: &Socket) {
        let _ = socket;
    }
}

fn main() {}
