use phx_runtime::prelude::*;

struct Event {
    name: String,
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, event: Event) {
        drop(event);
    }
}

fn main() {}
