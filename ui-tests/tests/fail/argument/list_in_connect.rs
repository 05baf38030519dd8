use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(params: Vec<(String, String)>) -> Result<Self, ConnectError> {
        let _ = params;
        Ok(Self)
    }
}

fn main() {}
