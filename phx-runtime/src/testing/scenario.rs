//! One scenario of channels that clients of any transport can play, so that a transport can be shown to
//! carry all that channels need.
//!
//! [`endpoint`] serves a socket of the scenario's own at [`PATH`], and [`play`] plays against it with two
//! clients, whose ends of the transport are [`Line`]s:
//!
//! ```
//! use phx_runtime::{
//!     ConnectInfo, Params,
//!     options::{CustomOptions, Mount},
//!     testing::scenario::{self, Line},
//!     transport::{Connection, TransportKind},
//! };
//! # use std::{io, task::{Context, Poll}};
//! # use phx_runtime::transport::{Frame, Outgoing, Received, Transport};
//! use tokio::sync::mpsc;
//!
//! struct Client(mpsc::UnboundedSender<String>, mpsc::UnboundedReceiver<String>);
//!
//! impl Line for Client {
//!     async fn send(&mut self, message: String) {
//!         self.0.send(message).unwrap();
//!     }
//!
//!     async fn receive(&mut self) -> Option<String> {
//!         self.1.recv().await
//!     }
//! }
//! # struct Server(mpsc::UnboundedReceiver<String>, mpsc::UnboundedSender<String>);
//! # impl Transport for Server {
//! #     fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
//! #         self.0.poll_recv(task)
//! #             .map(|text| text.map_or(Received::Lost, |text| Received::Message(Frame::text(text))))
//! #     }
//! #     fn poll_send(&mut self, _: &mut Context<'_>, connection: &Connection) -> Poll<io::Result<()>> {
//! #         for outgoing in connection.take_frames() {
//! #             if let Outgoing::Frame(Frame::Text(text)) = outgoing {
//! #                 let _ = self.1.send(text.to_string());
//! #             }
//! #         }
//! #         Poll::Ready(Ok(()))
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let endpoint = scenario::endpoint(Mount::new(scenario::PATH).custom(CustomOptions::new()));
//! let connect = async || {
//!     let ((to_server, from_client), (to_client, from_server)) =
//!         (mpsc::unbounded_channel(), mpsc::unbounded_channel());
//!     let params = Params::from_iter([("vsn", "2.0.0")]);
//!     let info = ConnectInfo::new(TransportKind::Custom("mine"), params);
//!     let admitted = endpoint.connect(scenario::PATH, info).await.unwrap();
//!     let server = Server(from_client, to_client);
//!     tokio::spawn(admitted.serve(Connection::new(1 << 20), server));
//!     Client(to_server, from_server)
//! };
//! scenario::play(&endpoint, connect).await;
//! # }
//! ```

use std::{future::poll_fn, time::Duration};

use serde_json::{Value, json};

use crate::{
    Joined,
    channel::{
        Channel, ConnectContext, Context, Handling, Join, JoinContext, JoinError, Pattern, Reply,
        Route, SocketState,
    },
    connect::{ConnectError, Mount, WebSocketOptions},
    endpoint::Endpoint,
    message::Payload,
    wire::CloseCode,
};

/// Where the scenario's socket is mounted.
pub const PATH: &str = "/scenario";

/// How long a client waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client's end of a transport that speaks version 2.0.0 of the protocol in text.
pub trait Line {
    /// Sends a message.
    fn send(&mut self, message: String) -> impl Future<Output = ()>;

    /// The next message, or none at the end of the connection.
    fn receive(&mut self) -> impl Future<Output = Option<String>>;
}

/// An endpoint with the scenario's socket alone.
///
/// # Panics
///
/// Panics if the mount is invalid.
pub fn endpoint(mount: Mount) -> Endpoint {
    match Endpoint::builder().socket_at::<Player>(mount).build() {
        Ok(endpoint) => endpoint,
        Err(error) => panic!("{error}"),
    }
}

/// Plays the scenario: heartbeats, joins that are answered and refused, replies, pushes, broadcasts to
/// others and to oneself, a join that replaces another, a channel that panics, leaving, messages by the
/// thousand, a connection that a channel closes, and one whose client goes away.
///
/// # Panics
///
/// Panics where something else comes than has to.
pub async fn play<L: Line>(endpoint: &Endpoint, mut connect: impl AsyncFnMut() -> L) {
    let mut ann = Client { line: connect().await, heard: Vec::new() };
    let mut bob = Client { line: connect().await, heard: Vec::new() };

    ann.asks(json!([null, "1", "phoenix", "heartbeat", {}]), "ok", json!({})).await;

    let unmatched = || json!({ "reason": "unmatched topic" });
    ann.says(&json!(["2", "2", "nowhere", "phx_join", {}])).await;
    ann.hears(answer(&json!([null, "2", "nowhere"]), "error", unmatched())).await;
    let private = json!({ "reason": "private" });
    ann.asks(json!(["3", "3", "scene:private", "phx_join", {}]), "error", private).await;

    for client in [&mut ann, &mut bob] {
        let join = json!(["4", "4", "scene:1", "phx_join", { "a": 1 }]);
        client.asks(join, "ok", json!({ "a": 1 })).await;
    }

    let shout = json!(["4", "5", "scene:1", "shout", { "text": "é😀" }]);
    ann.says(&shout).await;
    let shouted = json!([null, null, "scene:1", "shouted", { "text": "é😀" }]);
    ann.hears(shouted.clone()).await;
    ann.hears(answer(&shout, "ok", json!({}))).await;
    bob.hears(shouted).await;

    let push = json!(["4", "6", "scene:1", "push", { "n": 6 }]);
    bob.says(&push).await;
    bob.hears(json!(["4", null, "scene:1", "pushed", { "n": 6 }])).await;
    bob.hears(answer(&push, "ok", json!({}))).await;

    let echo = |number: u32| json!(["4", number.to_string(), "scene:1", "echo", { "n": number }]);
    for hundred in 0..20 {
        let numbers = hundred * 100..(hundred + 1) * 100;
        for number in numbers.clone() {
            bob.says(&echo(number)).await;
        }
        for number in numbers {
            bob.hears(answer(&echo(number), "ok", json!({ "n": number }))).await;
        }
    }
    let long = json!({ "long": "x".repeat(30_000) });
    bob.asks(json!(["4", "7", "scene:1", "echo", long]), "ok", long).await;

    ann.asks(json!(["8", "8", "scene:1", "phx_join", {}]), "ok", json!({})).await;
    ann.hears(json!(["4", "4", "scene:1", "phx_close", {}])).await;

    ann.says(&json!(["8", "9", "scene:1", "panic", {}])).await;
    ann.hears(json!(["8", "8", "scene:1", "phx_error", { "reason": "channel_crash" }])).await;
    ann.asks(json!([null, "10", "scene:1", "echo", {}]), "error", unmatched()).await;

    ann.asks(json!(["11", "11", "scene:2", "phx_join", {}]), "ok", json!({})).await;
    ann.asks(json!(["11", "12", "scene:2", "phx_leave", {}]), "ok", json!({})).await;
    ann.hears(json!(["11", "11", "scene:2", "phx_close", {}])).await;
    assert_eq!(endpoint.subscribers("scene:2"), 0);

    ann.asks(json!(["13", "13", "scene:3", "phx_join", {}]), "ok", json!({})).await;
    ann.says(&json!(["13", "14", "scene:3", "hang_up", {}])).await;
    assert_eq!(ann.next().await, None);

    assert_eq!(endpoint.subscribers("scene:1"), 1);
    drop(bob);
    let all_gone = poll_fn(|task| {
        if endpoint.connections() == 0 && endpoint.subscribers("scene:1") == 0 {
            return std::task::Poll::Ready(());
        }
        task.waker().wake_by_ref();
        std::task::Poll::Pending
    });
    let all_gone = async {
        tokio::task::yield_now().await;
        all_gone.await;
    };
    assert!(tokio::time::timeout(PATIENCE, all_gone).await.is_ok(), "somebody is left");
}

/// The reply to a message.
fn answer(message: &Value, status: &str, response: Value) -> Value {
    let payload = json!({ "status": status, "response": response });
    json!([message[0], message[1], message[2], "phx_reply", payload])
}

struct Client<L> {
    line: L,
    heard: Vec<Value>,
}

impl<L: Line> Client<L> {
    async fn says(&mut self, message: &Value) {
        self.line.send(message.to_string()).await;
    }

    /// Says something that is answered at once.
    async fn asks(&mut self, message: Value, status: &str, response: Value) {
        self.says(&message).await;
        self.hears(answer(&message, status, response)).await;
    }

    async fn next(&mut self) -> Option<String> {
        match tokio::time::timeout(PATIENCE, self.line.receive()).await {
            Ok(message) => message,
            Err(late) => panic!("nothing comes behind {:?}: {late}", self.heard.last()),
        }
    }

    async fn hears(&mut self, expected: Value) {
        let Some(text) = self.next().await else { panic!("the end instead of {expected}") };
        match serde_json::from_str::<Value>(&text) {
            Ok(message) => assert_eq!(message, expected, "behind {:?}", self.heard.last()),
            Err(error) => panic!("{error}: {text}"),
        }
        self.heard.push(expected);
    }
}

/// Whoever connects.
struct Player;

impl SocketState for Player {
    fn mount() -> Mount {
        Mount::new(PATH).websocket(WebSocketOptions::new())
    }

    async fn connect(_: ConnectContext) -> Result<Self, ConnectError> {
        Ok(Self)
    }

    fn channels() -> Vec<Route<Self>> {
        vec![Route::of::<Scene>()]
    }
}

struct Scene;

impl Channel for Scene {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("scene:*")];

    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
        let socket = cx.socket();
        match cx.event().as_str() {
            "echo" => return Handling::done(self, Reply::ok(payload)),
            "shout" => socket.broadcast("shouted", payload),
            "push" => socket.push("pushed", payload),
            "panic" => {
                return Handling::now(self, |_| -> Reply { panic!("the scenario wants it") });
            }
            "hang_up" => {
                socket.close_connection(CloseCode::NORMAL);
                return Handling::done(self, Reply::none());
            }
            _ => return Handling::unmatched_event(self, &cx),
        }
        Handling::done(self, Reply::ack())
    }
}

impl Join<Player> for Scene {
    async fn join(cx: JoinContext<Player>) -> Result<Joined<Self>, JoinError> {
        if cx.topic().rest() == "private" {
            return Err(JoinError::new("private"));
        }
        Ok(Joined::new(Self).reply(cx.payload()))
    }
}
