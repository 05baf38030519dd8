use phx_runtime::prelude::*;

struct Sock<'a> {
    name: &'a str,
}

#[socket("/socket", websocket)]
impl<'a> Sock<'a> {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self { name: "x" })
    }
}

fn main() {}
