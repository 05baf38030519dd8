use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, _store: Option<State<u8>>) {}
}

fn main() {}
