use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[on_event("a")]
    fn a(&self) {}

    #[subscribe_message("b")]
    fn b(&self) {}

    #[on_leave]
    fn c(&self) {}

    #[on_info]
    fn d(&self, _: u8) {}
}

fn main() {}
