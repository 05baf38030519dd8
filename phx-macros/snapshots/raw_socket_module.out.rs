mod echo {
    use phx_runtime::{prelude::*, transport::Frame};
    pub struct Echo;
    #[allow(clippy::unnecessary_wraps)]
    fn connect() -> Result<Echo, ConnectError> {
        Ok(Echo)
    }
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn echo(_: &Echo, frame: Frame) -> Frame {
        frame
    }
    const _: () = {
        use ::phx_runtime::__private as _phx;
        #[automatically_derived]
        impl _phx::SocketState for Echo {
            fn mount() -> _phx::Mount {
                _phx::Mount::new("/echo").websocket(_phx::WebSocketOptions::new())
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
                                Echo,
                                ConnectError,
                            > as _phx::IntoConnected<Self>>::into_connected,
                        )
                }
            }
            fn raw() -> _phx::Option<_phx::Raw<Self>> {
                _phx::Some(_phx::Raw::handlers())
            }
        }
        #[automatically_derived]
        impl _phx::RawHandlers for Echo {
            fn handle_in<'a>(
                &'a mut self,
                frame: _phx::Frame,
                cx: _phx::RawContext<'a>,
            ) -> _phx::Handled<'a> {
                if <Frame as _phx::FromFrame<'_>>::KIND.takes(&frame) {
                    return _phx::frame_now(
                        self,
                        &frame,
                        cx,
                        |given| {
                            given
                                .shared()
                                .receive_1(
                                    self::echo,
                                    <Frame as _phx::FromFrame<'_>>::from_frame,
                                    <Frame as _phx::IntoAnswer>::into_answer,
                                )
                        },
                    );
                }
                cx.unhandled_frame(&frame)
            }
        }
        #[allow(unused_imports)]
        use _phx::{connect as _, handle_in as _};
    };
}
