use std::rc::Rc;

use phx_runtime::prelude::*;

pub struct Room {
    seen: Rc<u32>,
}

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self { seen: Rc::new(0) })
    }

    #[handle_in("seen")]
    fn seen(&self) -> Reply {
        Reply::ok(*self.seen)
    }
}

fn main() {}
