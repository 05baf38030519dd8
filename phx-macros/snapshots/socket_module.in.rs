#[socket("/socket", websocket)]
mod user_socket {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct UserSocket;

    #[connect]
    fn connect() -> Result<UserSocket, ConnectError> {
        Ok(UserSocket)
    }

    #[id]
    fn id(_: &UserSocket) -> &str {
        "someone"
    }
}
