use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    async fn connect() -> Option<Self> {
        Some(Self)
    }
}

fn main() {}
