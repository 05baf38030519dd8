use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn a(&self, reply: ReplyRef) {
        let _ = reply;
    }
}

fn main() {}
