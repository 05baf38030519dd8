use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(topic: String) -> Result<Self, JoinError> {
        let _ = topic;
        Ok(Self)
    }
}

fn main() {}
