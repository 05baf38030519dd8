use phx_runtime::prelude::*;

struct Echo;

struct Tick;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_info]
    fn first(&self, tick: Tick) {
        let _ = tick;
    }

    #[handle_info]
    fn second(&self, tick: Tick) {
        let _ = tick;
    }
}

fn main() {}
