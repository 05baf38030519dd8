use phx_runtime::prelude::*;

struct NewMsg {
    body: String,
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, msg: NewMsg) {
        drop(msg.body);
    }
}

fn main() {}
