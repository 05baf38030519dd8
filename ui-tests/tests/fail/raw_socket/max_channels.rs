use phx_runtime::prelude::*;
use phx_runtime::transport::Frame;

struct Echo;

#[socket("/echo", websocket, max_channels = 20)]
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
