use phx_runtime::prelude::*;

#[derive(Clone)]
struct Count(u32);

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, mut count: State<Count>) -> Reply {
        count.0.0 += 1;
        Reply::ok(count.0.0)
    }
}

fn main() {}
