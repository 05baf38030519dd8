use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(serializers(Json)))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Json;

fn main() {}
