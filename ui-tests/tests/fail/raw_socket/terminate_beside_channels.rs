use phx_runtime::prelude::*;

struct Echo;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

#[socket("/echo", websocket)]
#[channels(Room)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[terminate]
    fn bye(&self, reason: Reason) {
        let _ = reason;
    }
}

fn main() {}
