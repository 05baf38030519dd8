use phx_runtime::prelude::*;

struct Tick;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn tick(&self, tick: &Tick) {
        let _ = tick;
    }
}

fn main() {}
