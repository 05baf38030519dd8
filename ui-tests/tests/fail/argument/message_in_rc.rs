use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn tick(&self, _: std::rc::Rc<u8>) {}
}

fn main() {}
