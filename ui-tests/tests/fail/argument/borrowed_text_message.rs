use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_info]
    fn tick(&self, socket: &Socket, name: &str) {
        socket.push("tick", name);
    }
}

fn main() {}
