use phx_runtime::prelude::*;
use phx_runtime::transport::Frame;

struct Echo<T>(T);

#[socket("/echo", websocket)]
impl<T: Send> Echo<T> {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Err(ConnectError::new("closed"))
    }

    #[handle_in]
    fn echo(&self, frame: Frame) -> Frame {
        frame
    }
}

fn main() {}
