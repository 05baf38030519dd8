use phx_runtime::prelude::*;
use serde::Deserialize;

struct Echo;

#[derive(Deserialize)]
struct NewMsg {
    body: String,
}

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn new_msg(&self, msg: NewMsg) {
        let _ = msg.body;
    }
}

fn main() {}
