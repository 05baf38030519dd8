use phx_runtime::prelude::*;

struct Secret;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    async fn a(&self) -> Result<(), Secret> {
        Err(Secret)
    }
}

fn main() {}
