use phx_runtime::prelude::*;

#[derive(Clone)]
struct Store;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, store: Store) {
        let _ = store;
    }
}

fn main() {}
