//! The session without a transport, on a paused clock: frames in, frames out.

mod broadcasts;
mod ending;
mod events;
mod flood;
mod joining;
mod lifetime;
mod limits;
mod log_lines;
mod older;
mod plugged;

use std::{collections::VecDeque, future::poll_fn, sync::Arc, task::Poll, time::Duration};

use futures_util::FutureExt;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    ConnectError, JoinError, Joined, Next, Reply, ReplyRef, Socket,
    channel::{Channel, Context, FromEvent, Handling, Join, JoinContext, Pattern, Route},
    connect::{ConnectInfo, Mount, MountSettings, params::Params},
    connection::{Connection, Outgoing},
    endpoint::{ConnectRequest, Endpoint},
    message::{Fault, Info, Payload, Reason},
    options::WebSocketOptions,
    serializer::{Protocol, Version},
    session::Channels,
    socket::{ConnectContext, SocketState},
    transport::{Flow, RawSocket, TransportKind},
    wire::{CloseCode, Frame, Text},
};

/// What ended channels were told, in order.
pub(super) type Ends = Arc<Mutex<Vec<(String, Reason)>>>;

/// Handles of channels that their clients told to lend them.
#[derive(Clone, Default)]
pub(super) struct Lent(Arc<Mutex<Vec<Socket>>>);

struct User {
    id: Option<String>,
}

impl SocketState for User {
    fn mount() -> Mount {
        Mount::new("/socket").websocket(WebSocketOptions::new())
    }

    async fn connect(cx: ConnectContext) -> Result<Self, ConnectError> {
        assert!(cx.info().params().get("panic").is_none(), "told to");
        Ok(Self { id: cx.info().params().get("id").map(|id| format!("user:{id}")) })
    }

    fn id(&self) -> Option<String> {
        self.id.clone()
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Room>(), Route::of::<Plain>()]
    }
}

/// Does what its client says.
struct Room {
    ends: Ends,
    /// How long its `terminate` takes.
    ending: Duration,
}

struct AfterJoin;
struct Answer(ReplyRef);

impl crate::channel::HandlesInfo<AfterJoin> for Room {}

impl Channel for Room {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("room:*")];
    const INTERCEPTS: &'static [&'static str] = &["secret"];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        let socket = cx.socket().clone();
        let value = payload.clone().decode::<Value>().unwrap_or(Value::Null);
        match cx.event().as_str() {
            "echo" => Handling::done(self, Reply::ok(payload)),
            "push_then_reply" => {
                socket.push("pushed", payload);
                Handling::done(self, Reply::ack())
            }
            "push_named" => {
                socket.push(value.as_str().unwrap(), json!({}));
                Handling::done(self, Reply::ack())
            }
            "shout" => {
                socket.broadcast("shouted", payload);
                Handling::done(self, Reply::ack())
            }
            "tell_others" => {
                socket.broadcast_from("told", payload);
                Handling::done(self, Reply::ack())
            }
            "whisper" => {
                socket.broadcast("secret", payload);
                Handling::done(self, Reply::ack())
            }
            "later" => {
                let reply = ReplyRef::from_event(&cx).unwrap();
                socket.notify_after(Duration::from_millis(50), Answer(reply));
                Handling::done(self, Reply::none())
            }
            "slow" => Handling::later(self, move |_| {
                Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(value["ms"].as_u64().unwrap())).await;
                    Reply::ok(payload)
                })
            }),
            "panic" => Handling::now(self, |_| -> Reply { panic!("told to") }),
            "panic_later" => Handling::later(self, |_| {
                Box::pin(tokio::task::yield_now().map(|()| -> Reply { panic!("told to") }))
            }),
            "panic_by_hand" => panic!("with the channel in hand"),
            "fault" => Handling::now(self, |_| Err::<(), _>(Fault::new("gone"))),
            "stop" => Handling::done(self, Reply::ok(json!("bye")).and_stop(Reason::Normal)),
            "fail" => Handling::done(self, Reply::stop(Reason::failed("by request"))),
            "listen" => {
                socket.subscribe(value["topic"].as_str().unwrap());
                Handling::done(self, Reply::ack())
            }
            "lend" => {
                socket.endpoint().state::<Lent>().unwrap().0.0.lock().push(socket.clone());
                Handling::done(self, Reply::ack())
            }
            "number" => Handling::now(self, |_| payload.decode::<u8>()),
            "push_too_long" => {
                socket.push("x".repeat(256), crate::message::Binary::from(vec![1]));
                Handling::done(self, Reply::ack())
            }
            _ => Handling::unmatched_event(self, &cx),
        }
    }

    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Handling<Next> {
        let value = payload.decode::<Value>().unwrap();
        cx.socket().push(cx.event(), json!({ "seen": value }));
        Handling::done(self, Next::Continue)
    }

    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Handling<Next> {
        let message = match message.take::<AfterJoin>() {
            Ok(AfterJoin) => {
                cx.socket().push("joined", json!({}));
                return Handling::done(self, Next::Continue);
            }
            Err(message) => message,
        };
        let message = match message.take::<Answer>() {
            Ok(Answer(reply)) => {
                reply.ok(json!({ "late": true }));
                return Handling::done(self, Next::Continue);
            }
            Err(message) => message,
        };
        match message.take::<crate::pubsub::Broadcast>() {
            Ok(broadcast) => {
                cx.socket().push("overheard", broadcast.payload());
                Handling::done(self, Next::Continue)
            }
            Err(message) => Handling::unmatched_info(self, message, &cx),
        }
    }

    fn terminate(self: Box<Self>, reason: Reason, cx: Context) -> Handling<()> {
        self.ends.lock().push((cx.socket().topic().to_string(), reason));
        cx.socket().push("bye", json!({}));
        if self.ending.is_zero() {
            return Handling::done(self, ());
        }
        Handling::later(self, |room| Box::pin(tokio::time::sleep(room.ending)))
    }
}

impl Join<User> for Room {
    async fn join(cx: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        let payload = cx.payload().decode::<Value>().unwrap_or(Value::Null);
        if let Some(ms) = payload["ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        assert_ne!(payload["panic"], true, "told to");
        if let Some(reason) = payload["refuse"].as_str() {
            return Err(JoinError::new(reason));
        }
        let ends = cx.endpoint().state::<Ends>()?.0;
        let ending = Duration::from_secs(payload["ending"].as_u64().unwrap_or(0));
        let joined = Joined::new(Room { ends, ending });
        Ok(if payload["then"] == true { joined.then(AfterJoin) } else { joined })
    }
}

/// A channel that intercepts nothing.
struct Plain;

impl Channel for Plain {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("plain:*")];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        match cx.event().as_str() {
            "shout" => cx.socket().broadcast("shouted", payload),
            "cast" => {
                cx.socket().broadcast("shouted", payload);
                return Handling::done(self, Reply::none());
            }
            "tell_others" => cx.socket().broadcast_from("told", payload),
            _ => return Handling::unmatched_event(self, &cx),
        }
        Handling::done(self, Reply::ack())
    }
}

impl Join<User> for Plain {
    async fn join(_: JoinContext<User>) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Plain))
    }
}

fn endpoint() -> (Endpoint, Ends) {
    let ends = Ends::default();
    (Endpoint::builder().state(ends.clone()).state(Lent::default()).build().unwrap(), ends)
}

/// A client whose connection is memory.
struct Client {
    socket: Channels,
    connection: Connection,
    received: VecDeque<Value>,
    closed: bool,
}

impl Client {
    async fn new(endpoint: &Endpoint) -> Self {
        Self::with(endpoint, &[("vsn", "2.0.0")], 100).await.unwrap()
    }

    async fn with(
        endpoint: &Endpoint,
        params: &[(&str, &str)],
        max_channels: usize,
    ) -> Result<Self, ConnectError> {
        Self::mounted(endpoint, params, User::mount().max_channels(max_channels)).await
    }

    /// A client of a mount that speaks these.
    async fn speaking(
        endpoint: &Endpoint,
        params: &[(&str, &str)],
        protocols: impl IntoIterator<Item = Protocol>,
    ) -> Result<Self, ConnectError> {
        let protocols = protocols.into_iter().collect::<Vec<_>>();
        Self::connect(endpoint, params, User::mount(), protocols).await
    }

    async fn mounted(
        endpoint: &Endpoint,
        params: &[(&str, &str)],
        mount: Mount,
    ) -> Result<Self, ConnectError> {
        let both = vec![Version::V1.into(), Version::V2.into()];
        Self::connect(endpoint, params, mount, both).await
    }

    async fn connect(
        endpoint: &Endpoint,
        params: &[(&str, &str)],
        mount: Mount,
        protocols: Vec<Protocol>,
    ) -> Result<Self, ConnectError> {
        let params: Params = params.iter().copied().collect();
        let request = ConnectRequest {
            info: ConnectInfo::new(TransportKind::Custom("memory"), params),
            endpoint: endpoint.clone(),
            mount: Arc::new(MountSettings::new(&mount)),
            serializers: protocols.into(),
        };
        let mut socket = Channels::connect::<User>(request, User::channels().into()).await?;
        let connection = Connection::new(1 << 20);
        let begun = FutureExt::now_or_never(socket.init(&connection).decide());
        assert_eq!(begun, Some(Flow::Continue));
        Ok(Self { socket, connection, received: VecDeque::new(), closed: false })
    }

    /// A client that has joined a topic with `join_ref` `"1"`.
    async fn joined(endpoint: &Endpoint, topic: &str) -> Self {
        let mut client = Self::new(endpoint).await;
        client.send(json!(["1", "1", topic, "phx_join", {}]));
        assert_eq!(client.recv().await, ok("1", "1", topic, &json!({})));
        client
    }

    fn send(&mut self, message: Value) {
        assert_eq!(self.send_text(&message.to_string()), Flow::Continue);
    }

    fn send_text(&mut self, text: &str) -> Flow {
        self.send_frame(Frame::Text(Text::from(text)))
    }

    fn send_frame(&mut self, frame: Frame) -> Flow {
        let handled = self.socket.handle_in(frame, &self.connection);
        handled.decide().now_or_never().unwrap()
    }

    /// The next message to the client.
    async fn recv(&mut self) -> Value {
        poll_fn(|task| {
            self.connection.register(task);
            for message in self.connection.take_messages() {
                let handled = self.socket.handle_info(message, &self.connection);
                handled.decide().now_or_never().unwrap();
            }
            let _ = self.socket.poll(task, &self.connection);
            if let Poll::Ready(frames) = self.connection.poll_frames(task) {
                for frame in frames {
                    match frame {
                        Outgoing::Frame(Frame::Text(text)) => {
                            self.received.push_back(serde_json::from_str(text.as_str()).unwrap());
                        }
                        Outgoing::Frame(Frame::Binary(bytes)) => {
                            self.received.push_back(json!(bytes.to_vec()));
                        }
                        Outgoing::Close => self.closed = true,
                        Outgoing::Ping(_) => {}
                    }
                }
            }
            match self.received.pop_front() {
                Some(message) => Poll::Ready(message),
                None if self.closed => Poll::Ready(Value::Null),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Nothing comes within a long time, which a paused clock passes at once.
    async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(Duration::from_secs(100), self.recv()).await;
        assert!(heard.is_err(), "heard {heard:?}");
    }

    fn closing_code(&self) -> Option<CloseCode> {
        self.connection.ending().map(|(code, _)| code)
    }
}

fn reply(join_ref: &str, reference: &str, topic: &str, status: &str, response: &Value) -> Value {
    let payload = json!({ "status": status, "response": response });
    json!([join_ref, reference, topic, "phx_reply", payload])
}

fn ok(join_ref: &str, reference: &str, topic: &str, response: &Value) -> Value {
    reply(join_ref, reference, topic, "ok", response)
}
