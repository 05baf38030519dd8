use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(check_origin = "*"), longpoll(check_origin = ["//example.com"]))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
