use std::any::Any;

use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn a(&self, message: Box<dyn Any + Send>) {
        let _ = message;
    }
}

fn main() {}
