use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    async fn count(&self, text: String) -> usize {
        text.len()
    }
}

fn main() {}
