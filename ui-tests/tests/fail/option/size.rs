use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(max_frame_size = "10 apples"), longpoll(max_body_size = true))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
