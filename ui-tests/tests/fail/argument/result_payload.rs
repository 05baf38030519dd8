use phx_runtime::prelude::*;
use phx_runtime::channel::PayloadError;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, text: Result<String, PayloadError>) {
        drop(text);
    }
}

fn main() {}
