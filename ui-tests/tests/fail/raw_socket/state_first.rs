use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn text(&self, _limit: State<u8>, _text: &str) {}
}

fn main() {}
