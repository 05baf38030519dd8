use phx_runtime::prelude::*;

struct Room;

#[channel("room:*", log_join = "loud", timeout = "1s", filter_parameters("a", 2), crate = "phx")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
