use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Err(JoinError::new(json!({ "reason": "full" })))
    }
}

fn main() {}
