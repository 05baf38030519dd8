use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websockets, carrier_pigeon)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
