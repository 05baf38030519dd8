impl Diary {
    #[allow(clippy::unnecessary_wraps)]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self::default())
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn greet(&self) -> &'static str {
        "welcome"
    }
    #[allow(clippy::unused_async)]
    async fn entry(&mut self, text: &str, db: State<Db>) -> Result<(), Fault> {
        db.store(text).await
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn attachment(&mut self, bytes: Bytes, connection: &Connection) -> Flow {
        self.attach(bytes, connection)
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn control(&self, control: Control) {
        self.seen(control);
    }
    #[allow(clippy::unused_self)]
    #[allow(clippy::needless_pass_by_value)]
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn heard(&self, news: Broadcast) -> String {
        news.event().to_string()
    }
    #[allow(clippy::unused_async)]
    async fn close(&mut self, reason: Reason) {
        self.save(reason).await;
    }
}
const _: () = {
    use ::phx_runtime::__private as _phx;
    #[automatically_derived]
    impl _phx::SocketState for Diary {
        fn mount() -> _phx::Mount {
            _phx::Mount::new("/diary")
                .websocket(_phx::WebSocketOptions::new())
                .longpoll(_phx::LongPollOptions::new())
        }
        fn connect(
            cx: _phx::ConnectContext,
        ) -> impl _phx::Future<
            Output = _phx::Result<Self, _phx::ConnectError>,
        > + _phx::Send {
            async move {
                _phx::make_now(&cx)
                    .call_0(
                        Self::connect,
                        <Result<
                            Self,
                            ConnectError,
                        > as _phx::IntoConnected<Self>>::into_connected,
                    )
            }
        }
        fn raw() -> _phx::Option<_phx::Raw<Self>> {
            _phx::Some(_phx::Raw::handlers())
        }
        fn requires(requirements: &mut _phx::Requirements) {
            <State<
                Db,
            > as _phx::raw_hints::StateOfRaw<
                '_,
            >>::requires(requirements.handler("Diary::entry"));
        }
    }
    #[automatically_derived]
    impl _phx::RawHandlers for Diary {
        fn init<'a>(&'a mut self, cx: _phx::RawContext<'a>) -> _phx::Handled<'a> {
            _phx::raw_now(
                "init",
                self,
                (),
                cx,
                |given| {
                    given
                        .shared()
                        .call_0(
                            Self::greet,
                            <&'static str as _phx::IntoAnswer>::into_answer,
                        )
                },
            )
        }
        fn handle_in<'a>(
            &'a mut self,
            frame: _phx::Frame,
            cx: _phx::RawContext<'a>,
        ) -> _phx::Handled<'a> {
            if <&str as _phx::FromFrame<'_>>::KIND.takes(&frame) {
                return _phx::frame_later(
                    self,
                    frame,
                    cx,
                    |given| _phx::Box::pin(
                        given
                            .receive_2(
                                Self::entry,
                                <&str as _phx::FromFrame<'_>>::from_frame,
                                <State<Db> as _phx::raw_hints::StateOfRaw<'_>>::from_raw,
                                <Result<(), Fault> as _phx::IntoAnswer>::into_answer,
                            ),
                    ),
                );
            }
            if <Bytes as _phx::FromFrame<'_>>::KIND.takes(&frame) {
                return _phx::frame_now(
                    self,
                    &frame,
                    cx,
                    |given| {
                        given
                            .receive_2(
                                Self::attachment,
                                <Bytes as _phx::FromFrame<'_>>::from_frame,
                                <&Connection as _phx::FromRaw<'_>>::from_raw,
                                <Flow as _phx::IntoAnswer>::into_answer,
                            )
                    },
                );
            }
            cx.unhandled_frame(&frame)
        }
        fn handle_control<'a>(
            &'a mut self,
            control: _phx::Control,
            cx: _phx::RawContext<'a>,
        ) -> _phx::Handled<'a> {
            _phx::raw_now(
                "handle_control",
                self,
                control,
                cx,
                |given| {
                    given
                        .shared()
                        .receive_1(
                            Self::control,
                            |control| _phx::message(
                                <Control as _phx::FromControl>::from_control(control),
                            ),
                            <() as _phx::IntoAnswer>::into_answer,
                        )
                },
            )
        }
        fn handle_info<'a>(
            &'a mut self,
            message: _phx::Info,
            cx: _phx::RawContext<'a>,
        ) -> _phx::Handled<'a> {
            let message = match message.take::<Broadcast>() {
                _phx::Ok(message) => {
                    return _phx::raw_now(
                        "handle_info",
                        self,
                        message,
                        cx,
                        |given| {
                            given
                                .shared()
                                .receive_1(
                                    Self::heard,
                                    _phx::message::<Broadcast>,
                                    <String as _phx::IntoAnswer>::into_answer,
                                )
                        },
                    );
                }
                _phx::Err(message) => message,
            };
            cx.unhandled_info::<Self>(&message)
        }
        fn terminate<'a>(
            &'a mut self,
            reason: _phx::Reason,
            cx: _phx::RawContext<'a>,
        ) -> _phx::Pin<_phx::Box<dyn _phx::Future<Output = ()> + _phx::Send + 'a>> {
            _phx::raw_ended(
                _phx::raw_later(
                    "terminate",
                    self,
                    reason,
                    cx,
                    |given| _phx::Box::pin(
                        given
                            .receive_1(
                                Self::close,
                                |reason| _phx::message(
                                    <Reason as _phx::FromReason>::from_reason(reason),
                                ),
                                _phx::raw_end,
                            ),
                    ),
                ),
            )
        }
    }
    const _: () = if !<Bytes as _phx::FromFrame<'static>>::KIND
        .is_apart_from(<&'static str as _phx::FromFrame<'static>>::KIND)
    {
        ::core::panic!(
            "`attachment` takes messages that already go to `entry`: tell them apart in one function"
        )
    };
    #[allow(unused_imports)]
    use _phx::{
        connect as _, init as _, handle_in as _, handle_in as _, handle_control as _,
        handle_info as _, terminate as _,
    };
};
