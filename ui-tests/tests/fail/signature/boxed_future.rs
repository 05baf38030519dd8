use std::pin::Pin;

use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async { Reply::ack() })
    }
}

fn main() {}
