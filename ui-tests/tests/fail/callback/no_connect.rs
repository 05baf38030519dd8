use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[id]
    fn id(&self) -> String {
        String::new()
    }
}

fn main() {}
