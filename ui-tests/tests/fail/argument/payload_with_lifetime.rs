use phx_runtime::prelude::*;

struct Room;

struct Message<'a>(&'a str);

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, _: Message<'_>) {}
}

fn main() {}
