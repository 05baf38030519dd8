use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[init]
    fn start(&self, info: &ConnectInfo) {
        let _ = info;
    }
}

fn main() {}
