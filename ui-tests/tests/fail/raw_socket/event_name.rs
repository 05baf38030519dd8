use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in("new_msg")]
    fn new_msg(&self, text: String) -> String {
        text
    }
}

fn main() {}
