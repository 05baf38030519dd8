use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[cfg_attr(debug_assertions, handle_in("debug"))]
    fn debug(&self) {}
}

fn main() {}
