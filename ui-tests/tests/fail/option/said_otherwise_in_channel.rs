use phx_runtime::prelude::*;

struct Room;

#[channel("room:*", intercept = ["a"], socket = UserSocket, websocket)]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

fn main() {}
