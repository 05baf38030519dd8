use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a", reply = true)]
    fn a(&self) {}

    #[handle_in("b", timeout = "5s")]
    fn b(&self) {}

    #[handle_in("c", rate_limit = 5)]
    fn c(&self) {}

    #[handle_in("d", topic = "room:*")]
    fn d(&self) {}

    #[handle_out("e", reply = false)]
    fn e(&self) {}
}

fn main() {}
