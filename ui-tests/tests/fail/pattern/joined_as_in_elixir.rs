use phx_runtime::prelude::*;

struct Room;

#[channel("room:" <> id)]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
