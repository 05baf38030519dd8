use phx_runtime::prelude::*;
use phx_runtime::transport::Frame;

struct Echo<'a>(&'a str);

#[socket("/echo", websocket)]
impl<'a> Echo<'a> {
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
