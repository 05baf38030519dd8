use phx_runtime::prelude::*;
use serde::Serialize;

#[derive(Serialize)]
struct NewMsg;

struct Room;

#[channel("room:*", sends(NewMsg))]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
