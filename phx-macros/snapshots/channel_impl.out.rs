impl<T: Store> RoomChannel<T> {
    #[allow(clippy::unused_async)]
    async fn join(
        room_id: RoomId,
        params: JoinParams,
        user: &UserSocket,
        store: State<T>,
    ) -> Result<Joined<Self>, JoinError> {
        store.room(room_id, user, params).await
    }
    /// Posts a message.
    #[allow(clippy::unused_async)]
    async fn new_msg(&mut self, msg: NewMsg, socket: &Socket) -> Reply {
        socket.broadcast("new_msg", msg);
        Reply::ack()
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn typing(&self, _: Payload, event: Event) {
        self.note(event);
    }
    #[cfg(feature = "export")]
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn export(&self, _: Payload, reply: ReplyRef) {
        self.export(reply);
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn hide_muted(&self, msg: Message, socket: &Socket) {
        socket.push("new_msg", msg);
    }
    #[allow(clippy::unused_async)]
    async fn after_join(&mut self, _: AfterJoin, presence: State<Presence>) {
        presence.track(self).await;
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    fn bye(&mut self, reason: Reason) {
        self.leave(reason);
    }
}
const _: () = {
    use ::phx_runtime::__private as _phx;
    impl<T: Store> RoomChannel<T> {
        ///The topic `room:{room_id}`.
        #[allow(dead_code, private_bounds, unused_qualifications)]
        pub fn topic(room_id: impl _phx::TopicPart<RoomId>) -> _phx::Topic {
            _phx::topic(::std::format!("room:{room_id}"))
        }
    }
    #[automatically_derived]
    impl<T: Store> _phx::Channel for RoomChannel<T> {
        const PATTERNS: &'static [_phx::Pattern] = &[
            _phx::Pattern::new("room:{room_id}"),
            _phx::Pattern::new("dm:{room_id}"),
        ];
        const INTERCEPTS: &'static [&'static str] = &["new_msg"];
        fn options() -> _phx::ChannelOptions {
            _phx::ChannelOptions::new().log_join(_phx::LogLevel::Debug)
        }
        fn requires(requirements: &mut _phx::Requirements) {
            <Event as _phx::hints::EventOfHandler<
                '_,
            >>::requires(requirements.handler("RoomChannel::typing"));
            #[cfg(feature = "export")]
            <ReplyRef as _phx::FromEvent<
                '_,
            >>::requires(requirements.handler("RoomChannel::export"));
            <State<
                Presence,
            > as _phx::hints::StateOfHandler<
                '_,
            >>::requires(requirements.handler("RoomChannel::after_join"));
        }
        #[allow(unused_variables)]
        #[deny(unreachable_patterns)]
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
                                .receive_2(
                                    Self::new_msg,
                                    <NewMsg as _phx::FromPayload>::from_payload,
                                    <&Socket as _phx::FromEvent<'_>>::from_event,
                                    <Reply as _phx::IntoReply>::into_reply,
                                ),
                        ),
                    )
                }
                "typing_start" | "typing_stop" => {
                    _phx::now(
                        self,
                        payload,
                        cx,
                        |given| {
                            given
                                .shared()
                                .receive_2(
                                    Self::typing,
                                    <Payload as _phx::FromPayload>::from_payload,
                                    <Event as _phx::hints::EventOfHandler<'_>>::from_event,
                                    <() as _phx::IntoReply>::into_reply,
                                )
                        },
                    )
                }
                #[cfg(feature = "export")]
                "export" => {
                    _phx::now(
                        self,
                        payload,
                        cx,
                        |given| {
                            given
                                .shared()
                                .receive_2(
                                    Self::export,
                                    <Payload as _phx::FromPayload>::from_payload,
                                    <ReplyRef as _phx::FromEvent<'_>>::from_event,
                                    <() as _phx::IntoReply>::into_reply,
                                )
                        },
                    )
                }
                _ => _phx::Handling::unmatched_event(self, &cx),
            }
        }
        fn handle_out(
            self: _phx::Box<Self>,
            payload: _phx::Payload,
            cx: _phx::Context,
        ) -> _phx::Handling<_phx::Next> {
            match cx.event().as_str() {
                "new_msg" => {
                    _phx::now(
                        self,
                        payload,
                        cx,
                        |given| {
                            given
                                .shared()
                                .receive_2(
                                    Self::hide_muted,
                                    <Message as _phx::FromPayload>::from_payload,
                                    <&Socket as _phx::FromEvent<'_>>::from_event,
                                    |returned| _phx::next(
                                        <() as _phx::IntoNext>::into_next(returned),
                                    ),
                                )
                        },
                    )
                }
                _ => _phx::push_unchanged(self, payload, &cx),
            }
        }
        fn handle_info(
            self: _phx::Box<Self>,
            message: _phx::Info,
            cx: _phx::Context,
        ) -> _phx::Handling<_phx::Next> {
            let message = match message.take::<AfterJoin>() {
                _phx::Ok(message) => {
                    return _phx::later(
                        self,
                        message,
                        cx,
                        |given| _phx::Box::pin(
                            given
                                .receive_2(
                                    Self::after_join,
                                    _phx::message::<AfterJoin>,
                                    <State<
                                        Presence,
                                    > as _phx::hints::StateOfHandler<'_>>::from_event,
                                    |returned| _phx::next(
                                        <() as _phx::IntoNext>::into_next(returned),
                                    ),
                                ),
                        ),
                    );
                }
                _phx::Err(message) => message,
            };
            _phx::Handling::unmatched_info(self, message, &cx)
        }
        fn terminate(
            self: _phx::Box<Self>,
            reason: _phx::Reason,
            cx: _phx::Context,
        ) -> _phx::Handling<()> {
            _phx::now(
                self,
                reason,
                cx,
                |given| {
                    given
                        .receive_1(
                            Self::bye,
                            |reason| _phx::message(
                                <Reason as _phx::FromReason>::from_reason(reason),
                            ),
                            _phx::ended,
                        )
                },
            )
        }
    }
    #[automatically_derived]
    impl<T: Store> _phx::HandlesInfo<AfterJoin> for RoomChannel<T> {}
    #[allow(unused_qualifications)]
    #[automatically_derived]
    impl<T: Store> _phx::Join<UserSocket> for RoomChannel<T>
    where
        for<'a> State<T>: _phx::hints::StateOfJoin<'a, UserSocket>,
        for<'a> RoomChannel<T>: _phx::Channel,
    {
        fn join(
            cx: _phx::JoinContext<UserSocket>,
        ) -> impl _phx::Future<
            Output = _phx::Result<_phx::Joined<Self>, _phx::JoinError>,
        > + _phx::Send {
            async move {
                _phx::make_later(&cx)
                    .call_4(
                        Self::join,
                        |cx| _phx::parameter(
                            cx,
                            "room_id",
                            <RoomId as _phx::FromTopic>::from_topic,
                        ),
                        |cx| _phx::found(
                            <JoinParams as _phx::FromPayload>::from_payload(cx.payload()),
                        ),
                        |cx| _phx::Ok(cx.user()),
                        |cx| _phx::found(
                            <State<
                                T,
                            > as _phx::hints::StateOfJoin<'_, UserSocket>>::from_join(cx),
                        ),
                        <Result<
                            Joined<Self>,
                            JoinError,
                        > as _phx::IntoJoined<Self>>::into_joined,
                    )
                    .await
            }
        }
        fn join_requires(requirements: &mut _phx::Requirements) {
            <State<
                T,
            > as _phx::hints::StateOfJoin<
                '_,
                UserSocket,
            >>::requires(requirements.handler("RoomChannel::join"));
        }
    }
    #[allow(unused_imports)]
    use _phx::{
        join as _, handle_in as _, handle_in as _, handle_in as _, handle_out as _,
        handle_info as _, terminate as _,
    };
};
