impl UserSocket {
    #[allow(
        clippy::unused_async,
        clippy::needless_pass_by_value,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    /// Who may connect.
    async fn connect(
        params: ConnectParams,
        app: State<App>,
    ) -> Result<Self, ConnectError> {
        app.authenticate(params.token).await
    }
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn id(&self) -> String {
        self.user_id.to_string()
    }
}
const _: () = {
    use ::phx_runtime::__private as _phx;
    const ROUTES: _phx::Routes<UserSocket, 2> = {
        let routes = _phx::Routes::<UserSocket, 2>::new();
        let routes = routes.of::<LobbyChannel>();
        let routes = routes.at::<RoomChannel>(&[_phx::Pattern::new("admin:{room_id}")]);
        routes
    };
    #[automatically_derived]
    impl _phx::SocketState for UserSocket {
        fn mount() -> _phx::Mount {
            _phx::Mount::new("/socket")
                .websocket(
                    _phx::WebSocketOptions::new()
                        .timeout(_phx::Some(_phx::Duration::from_secs(45))),
                )
                .longpoll(_phx::LongPollOptions::new())
                .max_channels(20)
        }
        fn connect(
            cx: _phx::ConnectContext,
        ) -> _phx::BoxFuture<'static, _phx::Result<Self, _phx::ConnectError>> {
            _phx::Box::pin(async move {
                let params = _phx::params::<ConnectParams>(&cx)?;
                let app = _phx::connect_context::<State<App>, _>(&cx)?;
                _phx::connected::<
                    Result<Self, ConnectError>,
                    Self,
                >(Self::connect(params, app).await)
            })
        }
        fn id(&self) -> _phx::Option<_phx::String> {
            _phx::id::<String>(Self::id(self))
        }
        fn channels() -> _phx::Vec<_phx::Route<Self>> {
            ROUTES.list()
        }
        fn requires(requirements: &mut _phx::Requirements) {
            _phx::connect_context::<
                State<App>,
                _,
            >(requirements.handler("UserSocket::connect"));
        }
    }
    #[allow(unused_imports)]
    use _phx::attributes::{connect as _, id as _};
};
