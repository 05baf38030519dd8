mod user_socket {
    use phx_runtime::prelude::*;
    pub struct UserSocket;
    #[allow(clippy::unnecessary_wraps)]
    fn connect() -> Result<UserSocket, ConnectError> {
        Ok(UserSocket)
    }
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn id(_: &UserSocket) -> &str {
        "someone"
    }
    const _: () = {
        use ::phx_runtime::__private as _phx;
        #[automatically_derived]
        impl _phx::SocketState for UserSocket {
            fn mount() -> _phx::Mount {
                _phx::Mount::new("/socket").websocket(_phx::WebSocketOptions::new())
            }
            fn connect(
                cx: _phx::ConnectContext,
            ) -> impl _phx::Future<
                Output = _phx::Result<Self, _phx::ConnectError>,
            > + _phx::Send {
                async move {
                    _phx::make_now(&cx)
                        .call_0(
                            self::connect,
                            <Result<
                                UserSocket,
                                ConnectError,
                            > as _phx::IntoConnected<Self>>::into_connected,
                        )
                }
            }
            fn id(&self) -> _phx::Option<_phx::String> {
                <&str as _phx::IntoSocketId>::into_socket_id(self::id(self))
            }
        }
        #[allow(unused_imports)]
        use _phx::{connect as _, id as _};
    };
}
