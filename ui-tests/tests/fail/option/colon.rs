use phx_runtime::prelude::*;

struct Room;

#[channel("room:*", log_join: "info")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
