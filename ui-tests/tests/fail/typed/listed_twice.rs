use phx_runtime::prelude::*;
use serde::Serialize;

#[event("new_msg")]
#[derive(Serialize)]
struct NewMsg;

struct Room;

#[channel("room:*", sends(NewMsg, NewMsg))]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
