use phx_runtime::prelude::*;

struct Tick;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("a")]
    fn a(&self, socket: &Socket) {
        socket.push("tick", Tick);
    }
}

fn main() {}
