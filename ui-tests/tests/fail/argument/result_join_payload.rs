use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(params: Result<u64, String>) -> Result<Self, JoinError> {
        if params.is_ok() { Ok(Self) } else { Err(JoinError::new("what?")) }
    }
}

fn main() {}
