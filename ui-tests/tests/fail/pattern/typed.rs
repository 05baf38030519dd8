use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id: u64}")]
impl Room {
    #[join]
    fn join(id: u64) -> Result<Self, JoinError> {
        let _ = id;
        Ok(Self)
    }
}

fn main() {}
