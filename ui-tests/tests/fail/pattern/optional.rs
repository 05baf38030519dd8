use phx_runtime::prelude::*;

struct Room;

#[channel("room:{id?}")]
impl Room {
    #[join]
    fn join(id: Option<u64>) -> Result<Self, JoinError> {
        let _ = id;
        Ok(Self)
    }
}

fn main() {}
