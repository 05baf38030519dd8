use phx_runtime::prelude::*;
use phx_runtime::transport::Control;

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

    #[handle_control]
    fn control(&self, control: Control) {
        let _ = control;
    }
}

fn main() {}
