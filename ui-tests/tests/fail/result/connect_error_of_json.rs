use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Err(ConnectError::new(json!({ "reason": "full" })))
    }
}

fn main() {}
