use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("say")]
    fn say(&self, body: String, socket: &Socket) {
        socket.broadcast_event(json!({ "body": body }));
    }
}

fn main() {}
