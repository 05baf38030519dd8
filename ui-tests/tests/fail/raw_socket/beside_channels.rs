use phx_runtime::prelude::*;
use phx_runtime::transport::Frame;

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

    #[handle_in]
    fn echo(&self, frame: Frame) -> Frame {
        frame
    }
}

fn main() {}
