//! Every way to write the arguments and results of callbacks.

use std::{borrow::Cow, fmt};

use phx_runtime::{
    channel::{Context, FromEvent, FromJoin, JoinContext},
    prelude::*,
    socket::{ConnectContext, FromConnect, SocketState},
};
use serde::{Deserialize, Serialize};

struct User(u8);

struct Locale(&'static str);

impl FromEvent<'_> for Locale {
    fn from_event(cx: &Context) -> Result<Self, Fault> {
        Ok(Self(if cx.socket().topic().starts_with("de:") { "de" } else { "en" }))
    }
}

impl<S> FromJoin<'_, S> for Locale {
    fn from_join(cx: &JoinContext<S>) -> Result<Self, Fault> {
        Ok(Self(if cx.topic().starts_with("de:") { "de" } else { "en" }))
    }
}

impl FromConnect<'_> for Locale {
    fn from_connect(cx: &ConnectContext) -> Result<Self, Fault> {
        Ok(Self(cx.info().user_agent().map_or("en", |_| "de")))
    }
}

struct Name<'a>(&'a str);

impl<'a> FromEvent<'a> for Name<'a> {
    fn from_event(cx: &'a Context) -> Result<Self, Fault> {
        Ok(Self(cx.event()))
    }
}

impl<'a, S> FromJoin<'a, S> for Name<'a> {
    fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault> {
        Ok(Self(cx.topic()))
    }
}

/// What only a join from a `User` knows.
struct Rank(u8);

impl FromJoin<'_, User> for Rank {
    fn from_join(cx: &JoinContext<User>) -> Result<Self, Fault> {
        Ok(Self(cx.user().0))
    }
}

impl FromJoin<'_, User> for Option<Rank> {
    fn from_join(cx: &JoinContext<User>) -> Result<Self, Fault> {
        Ok((cx.user().0 > 0).then(|| Rank(cx.user().0)))
    }
}

struct Ranked;

#[channel("ranked:*")]
impl Ranked {
    #[join]
    fn join(_: Payload, rank: Rank, raised: Option<Rank>) -> Result<Self, JoinError> {
        let is_raised = raised.is_some_and(|raised| raised.0 == rank.0);
        if is_raised { Ok(Self) } else { Err("low".into()) }
    }
}

struct Refused;

impl From<Refused> for JoinError {
    fn from(_: Refused) -> Self {
        Self::new("refused")
    }
}

impl From<Refused> for ConnectError {
    fn from(_: Refused) -> Self {
        Self::new("refused")
    }
}

#[derive(Serialize)]
struct Problem {
    reason: &'static str,
}

#[derive(Deserialize)]
struct Point {
    x: u8,
}

#[socket("/tenants/{tenant}/socket", websocket)]
#[channels(Room, Ranked)]
impl User {
    #[connect]
    async fn connect(info: &ConnectInfo, params: Params, locale: Locale) -> Result<User, Refused> {
        tokio::task::yield_now().await;
        if info.transport().as_str() == locale.0 { Err(Refused) } else { Ok(Self(0)) }
            .map(|user| User(user.0 + u8::from(params.get("admin").is_some())))
    }

    #[id]
    fn id<'a>(self: &'a Self) -> Option<Cow<'a, str>> {
        (self.0 > 0).then_some("admin".into())
    }
}

#[derive(PartialEq, Eq, Debug)]
struct Id(u8);

impl std::str::FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

struct Room {
    id: Id,
}

#[channel("{lang}:room:{id}:{part}", "x:{part}:{id}:{lang}:x")]
impl Room {
    const LIMIT: u8 = 10;

    #[join]
    async fn join<'a>(
        mut part: String,
        topic: &'a Topic,
        Point { x }: Point,
        name: Name<'_>,
        _lang: String,
        user: &'a User,
        locale: Locale,
        id: Id,
    ) -> Result<Self, Refused> {
        part.push_str(locale.0);
        tokio::task::yield_now().await;
        let wanted = user.0 < Self::LIMIT && x < Self::LIMIT && topic.ends_with(name.0);
        if wanted { Ok(Self { id }) } else { Err(Refused) }
    }

    #[handle_in("unit")]
    fn unit(&mut self) {
        self.id = Id(1);
    }

    #[handle_in("context_only")]
    fn context_only(&self, socket: &Socket, topic: &Topic) -> Reply {
        Reply::ok(json!({ "same": socket.topic() == topic, "id": self.id.0 }))
    }

    #[handle_in("payload_last")]
    fn payload_last(self: &mut Self, socket: &Socket, Point { x }: Point, _: Locale) {
        self.id = Id(x);
        socket.push("moved", json!({ "x": x }));
    }

    #[handle_in("named")]
    async fn named<'a>(&'a self, point: Point, name: Name<'a>) -> Result<&'a str, Problem> {
        tokio::task::yield_now().await;
        if point.x > self.id.0 { Err(Problem { reason: "too far" }) } else { Ok(name.0) }
    }

    #[handle_in("opaque")]
    fn opaque(&self) -> Result<impl Serialize + use<>, Problem> {
        if self.id.0 > 3 { Err(Problem { reason: "no" }) } else { Ok([self.id.0]) }
    }

    #[handle_in("faulty")]
    fn faulty(&self, text: String) -> Result<(), Fault> {
        if self.id == Id(text.parse()?) { Ok(()) } else { Err(Fault::new("other")) }
    }

    #[handle_in("maybe")]
    fn maybe(&self, _: Option<Point>, reply: Option<ReplyRef>) -> Result<Reply, Reply> {
        if reply.is_some() { Ok(Reply::none()) } else { Err(Reply::stop(Reason::Normal)) }
            .map(|reply| if self.id.0 > 0 { reply } else { Reply::ack() })
    }

    #[handle_out("moved")]
    async fn moved(&mut self, point: Point) -> Next {
        tokio::task::yield_now().await;
        self.id.0 -= point.x;
        if self.id.0 == 0 { Next::Stop(Reason::Shutdown) } else { Next::Continue }
    }

    #[handle_info]
    fn ticked(&mut self, (): (), socket: &Socket) -> Result<(), Fault> {
        if socket.is_open() { Ok(()) } else { Err(Fault::new("gone")) }.map(|()| self.id.0 = 0)
    }

    #[terminate]
    async fn bye(&self, socket: &Socket) {
        tokio::task::yield_now().await;
        socket.broadcast_from("left", json!({ "id": self.id.0 }));
    }
}

#[test]
fn topics_are_built_from_parsed_parameters() {
    assert_eq!(Room::topic("de", Id(7), "hall"), "de:room:7:hall");
    assert_eq!(Room::topic("de".to_owned(), &Id(7), &"hall".to_owned()), "de:room:7:hall");
    assert_eq!(SocketState::id(&User(1)).as_deref(), Some("admin"));
    assert_eq!(SocketState::id(&User(0)), None);
    Endpoint::builder().socket::<User>().build().unwrap();
}
