use phx_runtime::prelude::*;

struct Sock;

#[socket(
    "/socket",
    websocket(check_origin("example.com", "https://a.com/path", "//a.*.com")),
    longpoll(check_origin = "https://a.com")
)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
