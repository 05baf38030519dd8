use phx_runtime::prelude::*;
use std::rc::Rc;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    async fn echo(&self, text: String) -> String {
        let shared = Rc::new(text);
        std::future::ready(()).await;
        shared.to_string()
    }
}

fn main() {}
