use phx_runtime::prelude::*;

struct Room;

#[channel("room:{*id}")]
impl Room {
    #[join]
    fn join(id: String) -> Result<Self, JoinError> {
        let _ = id;
        Ok(Self)
    }
}

fn main() {}
