pub mod room {
    use phx_runtime::prelude::*;
    pub struct Room;
    #[allow(clippy::trivially_copy_pass_by_ref)]
    #[allow(clippy::unnecessary_wraps)]
    fn join(topic: &Topic) -> Result<Room, JoinError> {
        enter(topic)
    }
    #[allow(clippy::unused_async)]
    async fn new_msg(room: &mut Room, msg: NewMsg) -> Result<Posted, Refused> {
        room.post(msg).await
    }
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn unknown(_room: &Room, event: Payload) -> Reply {
        Reply::error(event)
    }
    const _: () = {
        use ::phx_runtime::__private as _phx;
        #[automatically_derived]
        impl _phx::Channel for Room {
            const PATTERNS: &'static [_phx::Pattern] = &[_phx::Pattern::new("room:*")];
            fn handle_in(
                self: _phx::Box<Self>,
                payload: _phx::Payload,
                cx: _phx::Context,
            ) -> _phx::Handling {
                match cx.event().as_str() {
                    "new_msg" => {
                        _phx::later(
                            self,
                            payload,
                            cx,
                            |given| _phx::Box::pin(
                                given
                                    .receive_1(
                                        self::new_msg,
                                        <NewMsg as _phx::FromPayload>::from_payload,
                                        <Result<Posted, Refused> as _phx::IntoReply>::into_reply,
                                    ),
                            ),
                        )
                    }
                    _ => {
                        _phx::now(
                            self,
                            payload,
                            cx,
                            |given| {
                                given
                                    .shared()
                                    .receive_1(
                                        self::unknown,
                                        <Payload as _phx::FromPayload>::from_payload,
                                        <Reply as _phx::IntoReply>::into_reply,
                                    )
                            },
                        )
                    }
                }
            }
        }
        #[diagnostic::do_not_recommend]
        #[automatically_derived]
        impl<AnySocket: _phx::SocketState> _phx::Join<AnySocket> for Room
        where
            for<'a> Room: _phx::Channel,
        {
            fn join(
                cx: _phx::JoinContext<AnySocket>,
            ) -> impl _phx::Future<
                Output = _phx::Result<_phx::Joined<Self>, _phx::JoinError>,
            > + _phx::Send {
                async move {
                    _phx::make_now(&cx)
                        .call_1(
                            self::join,
                            |cx| _phx::found(
                                <&Topic as _phx::FromJoin<'_, AnySocket>>::from_join(cx),
                            ),
                            <Result<
                                Room,
                                JoinError,
                            > as _phx::IntoJoined<Self>>::into_joined,
                        )
                }
            }
        }
        #[allow(unused_imports)]
        use _phx::{join as _, handle_in as _, handle_in as _};
    };
}
