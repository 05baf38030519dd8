use phx_runtime::prelude::*;
use phx_runtime::transport::Control;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_control]
    fn ping(&self, control: Control) {
        let _ = control;
    }

    #[handle_control]
    fn pong(&self, control: Control) {
        let _ = control;
    }
}

fn main() {}
