use phx_runtime::{prelude::*, transport::Control};

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_control]
    fn control(&self, control: Control) {
        let _ = control;
    }
}

fn main() {}
