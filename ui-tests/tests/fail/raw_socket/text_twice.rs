use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn first(&self, text: String) -> String {
        text
    }

    #[handle_in]
    fn second(&self, text: &str) {
        let _ = text;
    }
}

fn main() {}
