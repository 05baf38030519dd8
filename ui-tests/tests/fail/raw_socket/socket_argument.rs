use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn echo(&self, text: String, socket: &Socket) {
        socket.push("echo", text);
    }
}

fn main() {}
