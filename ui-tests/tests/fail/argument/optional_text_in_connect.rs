use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(token: Option<String>) -> Result<Self, ConnectError> {
        let _ = token;
        Ok(Self)
    }
}

fn main() {}
