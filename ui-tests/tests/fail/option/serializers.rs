use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(serializers(v3, v2, v2)), longpoll(serializers = "v2"))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
