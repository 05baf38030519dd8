use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(topic: String, payload: Payload, socket: &Socket) -> Result<Self, JoinError> {
        let _ = (topic, payload, socket);
        Ok(Self)
    }
}

fn main() {}
