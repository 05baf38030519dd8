use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[id]
    fn id(&self) -> String {
        String::new()
    }

    #[id]
    fn name(&self) -> String {
        String::new()
    }
}

fn main() {}
