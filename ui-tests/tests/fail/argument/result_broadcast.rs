use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_out("a")]
    fn a(&self, text: Result<String, String>) {
        drop(text);
    }
}

fn main() {}
