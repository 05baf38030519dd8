use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self) -> Result<Result<Room, String>, Fault> {
        Ok(Err("none".to_owned()))
    }
}

fn main() {}
