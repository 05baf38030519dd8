//! Sockets without channels in all their forms.

#![allow(dead_code, reason = "nobody connects")]

use phx_runtime::{
    channel::PayloadError,
    endpoint::Broadcast,
    prelude::*,
    socket::{Answer, FrameKind, FromFrame, FromRaw, IntoAnswer, RawContext},
    transport::{CloseCode, Connection, Control, Flow, Frame, Text},
};

struct Everything;

struct Move(u8);

impl FromFrame<'_> for Move {
    const KIND: FrameKind = FrameKind::Binary;

    fn from_frame(frame: &Frame) -> Result<Self, PayloadError> {
        frame.as_bytes().first().map(|x| Self(*x)).ok_or_else(|| PayloadError::new("empty"))
    }
}

impl IntoAnswer for Move {
    fn into_answer(self) -> Answer {
        Answer::frame(Frame::binary(vec![self.0]))
    }
}

struct Here(usize);

impl FromRaw<'_> for Here {
    fn from_raw(cx: RawContext<'_>) -> Result<Self, Fault> {
        Ok(Self(cx.endpoint().connections()))
    }
}

#[socket("/everything", websocket(timeout = "1s"), longpoll)]
impl Everything {
    #[connect]
    async fn connect(_: Params, _limit: State<u8>) -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[id]
    fn id(&self) -> Option<&str> {
        None
    }

    #[init]
    async fn init(&mut self, here: Here, connection: &Connection) -> Result<Text, Fault> {
        connection.ping(b"");
        Ok(here.0.to_string().into())
    }

    #[handle_in]
    async fn handle_in<'a>(
        &'a mut self,
        text: &'a str,
        limit: State<u8>,
    ) -> Result<&'a str, CloseCode> {
        std::future::ready(()).await;
        if text.len() > usize::from(*limit) { Err(CloseCode::TOO_BIG) } else { Ok(text) }
    }

    #[cfg(any())]
    #[handle_in]
    fn bytes(&self, frame: Binary) -> Binary {
        frame
    }

    #[cfg(not(any()))]
    #[handle_in]
    fn bytes(&self, frame: Move) -> Option<Move> {
        Some(frame)
    }

    #[handle_control]
    async fn handle_control(&self, _: Control) -> Flow {
        Flow::Continue
    }

    #[handle_info]
    fn handle_info(&mut self, cx: Broadcast, _: &Endpoint) -> Answer {
        Answer::frame(Frame::text(cx.event().as_str())).and_stop(CloseCode::NORMAL)
    }

    #[handle_info]
    fn number(&mut self, message: u8) -> Vec<u8> {
        vec![message]
    }

    #[handle_info]
    fn word(&mut self, message: &'static str) -> &'static str {
        message
    }

    #[terminate]
    fn terminate(&mut self, _: Reason, _: State<u8>) {}
}

struct Kept<T>(T);

#[socket("/kept", websocket)]
impl<T: Default + AsRef<str> + Send + Sync + 'static> Kept<T> {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self(T::default()))
    }

    #[handle_in]
    fn text(&self, _: String) -> &str {
        self.0.as_ref()
    }

    #[handle_in]
    fn bytes(&self, _: Vec<u8>) -> Vec<u8> {
        self.0.as_ref().as_bytes().to_vec()
    }
}

/// Hears what the application says, and nothing else.
#[socket("/news", websocket)]
mod news {
    use phx_runtime::{endpoint::Broadcast, prelude::*, transport::Connection};

    #[assigns]
    pub struct News {
        heard: usize,
    }

    type Own = News;

    #[connect]
    fn connect() -> Result<News, ConnectError> {
        Ok(News { heard: 0 })
    }

    #[handle_info]
    fn news(news: &mut Own, _: Broadcast, connection: &Connection) {
        news.heard += 1;
        connection.set_timeout(None);
    }

    #[terminate]
    async fn terminate(_: &News) {}
}

mod without_prelude {
    #![no_implicit_prelude]
    #![allow(unused_variables)]

    pub struct Option;
    pub struct Result;
    pub struct Box;
    pub mod core {}

    pub struct Frames;

    #[::phx_runtime::socket("/frames", websocket)]
    impl Frames {
        #[connect]
        fn connect() -> ::std::result::Result<Self, ::phx_runtime::ConnectError> {
            ::std::result::Result::Ok(Self)
        }

        #[init]
        fn frame(&self, cx: &::phx_runtime::transport::Connection) {}

        #[::phx_runtime::handle_in]
        async fn cx(&mut self, frame: &str, cx: &::phx_runtime::Endpoint) {
            ::std::future::ready(cx).await;
        }

        #[handle_in]
        fn given(&mut self, given: ::std::vec::Vec<u8>) -> ::phx_runtime::transport::Flow {
            ::phx_runtime::transport::Flow::Continue
        }

        #[handle_info]
        fn message(&self, message: u8, control: ::phx_runtime::State<u8>) {}

        #[handle_control]
        fn control(&self, cx: ::phx_runtime::transport::Control) {}

        #[terminate]
        async fn reason(&self, cx: ::phx_runtime::Reason) {}
    }
}

#[test]
fn all_of_them_are_mounted() {
    let endpoint = Endpoint::builder()
        .state(1_u8)
        .socket::<Everything>()
        .socket::<Kept<String>>()
        .socket::<news::News>()
        .socket::<without_prelude::Frames>()
        .build();
    assert!(endpoint.is_ok());
}
