use phx_runtime::prelude::*;

#[derive(Clone)]
struct Count {
    seen: u32,
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Payload, State(mut count): State<Count>) -> Reply {
        count.seen = count.seen + 1;
        Reply::ok(count.seen)
    }
}

fn main() {}
