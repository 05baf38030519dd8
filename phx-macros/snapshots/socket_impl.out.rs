impl UserSocket {
    /// Who may connect.
    #[allow(clippy::unused_async)]
    async fn connect(
        params: ConnectParams,
        app: State<App>,
    ) -> Result<Self, ConnectError> {
        app.authenticate(params.token).await
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn id(&self) -> String {
        self.user_id.to_string()
    }
}
const _: () = {
    use ::phx_runtime::__private as _phx;
    const ROUTES: _phx::RoutingTable<UserSocket, 2> = {
        let routes = _phx::RoutingTable::<UserSocket, 2>::new();
        let routes = routes.with(<LobbyChannel as _phx::Join<UserSocket>>::ENTRY);
        let routes = routes
            .with_at(
                <RoomChannel as _phx::Join<UserSocket>>::ENTRY,
                &[_phx::Pattern::new("admin:{room_id}")],
            );
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
        ) -> impl _phx::Future<
            Output = _phx::Result<Self, _phx::ConnectError>,
        > + _phx::Send {
            async move {
                _phx::make_later(&cx)
                    .call_2(
                        Self::connect,
                        |cx| _phx::found(
                            <ConnectParams as _phx::FromParams>::from_params(
                                cx.info().params(),
                            ),
                        ),
                        |cx| _phx::found(
                            <State<
                                App,
                            > as _phx::hints::StateOfConnect<'_>>::from_connect(cx),
                        ),
                        <Result<
                            Self,
                            ConnectError,
                        > as _phx::IntoConnected<Self>>::into_connected,
                    )
                    .await
            }
        }
        fn id(&self) -> _phx::Option<_phx::String> {
            <String as _phx::IntoSocketId>::into_socket_id(Self::id(self))
        }
        fn channels() -> _phx::Vec<_phx::Route<Self>> {
            ROUTES.list()
        }
        fn requires(requirements: &mut _phx::Requirements) {
            <State<
                App,
            > as _phx::hints::StateOfConnect<
                '_,
            >>::requires(requirements.handler("UserSocket::connect"));
        }
    }
    #[allow(unused_imports)]
    use _phx::{connect as _, id as _};
};
