use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[on("say")]
    fn say(&self, body: String) {
        drop(body);
    }
}

fn main() {}
