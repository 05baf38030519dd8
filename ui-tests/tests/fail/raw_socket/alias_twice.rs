use phx_runtime::prelude::*;

struct Echo;

type Line = String;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn first(&self, line: Line) -> Line {
        line
    }

    #[handle_in]
    fn second(&self, text: &str) {
        let _ = text;
    }
}

fn main() {}
