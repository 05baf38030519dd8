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
    fn echo(_: &Echo, frame: Frame) -> Frame {
        frame
    }
}
