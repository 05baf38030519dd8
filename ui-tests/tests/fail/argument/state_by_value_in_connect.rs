use phx_runtime::prelude::*;

#[derive(Clone)]
struct Store;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, store: Store) -> Result<Self, ConnectError> {
        let _ = store;
        Ok(Self)
    }
}

fn main() {}
