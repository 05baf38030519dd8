use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id}")]
impl Room {
    #[join]
    fn join(_id: u64, _params: Payload, _name: &str) -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
