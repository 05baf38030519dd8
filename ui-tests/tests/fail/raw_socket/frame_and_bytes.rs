use phx_runtime::prelude::*;
use phx_runtime::transport::Frame;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn all(&self, frame: Frame) -> Frame {
        frame
    }

    #[handle_in]
    fn bytes(&self, image: Vec<u8>) {
        let _ = image;
    }
}

fn main() {}
