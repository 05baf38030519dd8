use phx_runtime::prelude::*;

#[socket("/echo", websocket)]
mod echo {
    use phx_runtime::{prelude::*, transport::Frame};

    #[assigns]
    pub struct Echo;

    #[connect]
    fn connect() -> Result<Echo, ConnectError> {
        Ok(Echo)
    }

    #[handle_in]
    fn echo(frame: Frame) -> Frame {
        frame
    }
}

fn main() {}
