use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_out("new_msg")]
    fn a(&self) {}

    #[handle_out("new_msg")]
    fn b(&self) {}
}

fn main() {}
