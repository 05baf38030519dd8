use phx_runtime::prelude::*;
use serde::Serialize;

#[event("new_msg")]
#[derive(Serialize)]
struct NewMsg {
    body: String,
}

struct Room;

#[channel("room:*", sends(NewMsg))]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("say")]
    fn say(&self, body: String, socket: &Socket) {
        socket.broadcast_event(NewMsg { text: body });
    }
}

fn main() {}
