use phx_runtime::prelude::*;
use phx_runtime::transport::Connection;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn echo(&self, text: String, connection: Connection) {
        let _ = (text, connection);
    }
}

fn main() {}
