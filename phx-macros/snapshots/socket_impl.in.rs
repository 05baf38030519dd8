#[socket("/socket", websocket(timeout = "45s"), longpoll, max_channels = 20)]
#[channels(LobbyChannel, "admin:{room_id}" => RoomChannel)]
impl UserSocket {
    /// Who may connect.
    #[connect]
    async fn connect(params: ConnectParams, app: State<App>) -> Result<Self, ConnectError> {
        app.authenticate(params.token).await
    }

    #[id]
    fn id(&self) -> String {
        self.user_id.to_string()
    }
}
