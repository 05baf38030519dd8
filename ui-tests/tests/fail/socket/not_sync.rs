use phx_runtime::prelude::*;

use std::cell::Cell;

struct Sock {
    count: Cell<u8>,
}

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self { count: Cell::new(0) })
    }
}

fn main() {}
