use std::collections::HashMap;

use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(params: Result<HashMap<String, String>, Fault>) -> Result<Self, ConnectError> {
        if params.is_ok() { Ok(Self) } else { Err(ConnectError::new("what?")) }
    }
}

fn main() {}
