use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(params: Params) -> Result<Self, JoinError> {
        let _ = params;
        Ok(Self)
    }
}

fn main() {}
