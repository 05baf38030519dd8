use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_info]
    fn info<T>(&self, message: T) {
        let _ = message;
    }
}

fn main() {}
