use phx_runtime::prelude::*;
use std::rc::Rc;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    async fn join() -> Result<Self, JoinError> {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
        Ok(Self)
    }
}

fn main() {}
