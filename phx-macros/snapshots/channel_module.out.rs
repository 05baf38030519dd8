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
            const EVENTS: &'static [&'static str] = &["new_msg"];
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
                            |given| {
                                given
                                    .receive_1(
                                        self::new_msg,
                                        _phx::payload::<NewMsg>(),
                                        _phx::reply::<Result<Posted, Refused>>,
                                    )
                            },
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
                                        _phx::payload::<Payload>(),
                                        _phx::reply::<Reply>,
                                    )
                            },
                        )
                    }
                }
            }
        }
        #[automatically_derived]
        impl<__S: _phx::SocketState> _phx::Join<__S> for Room
        where
            for<'a> &'a Topic: _phx::FromJoin<'a, __S>,
        {
            fn join(
                cx: _phx::JoinContext<__S>,
            ) -> _phx::BoxFuture<
                'static,
                _phx::Result<_phx::Joined<Self>, _phx::JoinError>,
            > {
                _phx::Box::pin(async move {
                    _phx::make_now(&cx)
                        .call_1(
                            self::join,
                            _phx::join_context::<&Topic, __S>(),
                            _phx::joined::<Result<Room, JoinError>, Self>,
                        )
                })
            }
        }
        #[allow(unused_imports)]
        use _phx::{join as _, handle_in as _, handle_in as _};
    };
}
