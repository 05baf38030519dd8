use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", ws, polling)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
