use phx_runtime::prelude::*;

struct Sock;

#[socket("/socket", websocket(error_handler = refused))]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn refused(error: ConnectError) -> http::Response<String> {
    error.to_response()
}

fn main() {}
