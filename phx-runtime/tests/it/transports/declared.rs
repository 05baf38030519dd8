//! Sockets without channels, as `#[socket]` declares them.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use phx_runtime::{
    endpoint::{Broadcast, Forwarding},
    options::{CheckOrigin, LongPollOptions, Mount, WebSocketOptions},
    prelude::*,
    socket::{Answer, SocketState},
    transport::{CloseCode, Connection, Frame},
};
use tokio::sync::mpsc;

use crate::support::{
    http_client::Client,
    logs::Logs,
    raw_client::{BINARY, CLOSE, PING, PONG, RawClient, TEXT},
    server,
};

struct Echo;

#[socket("/echo", websocket, longpoll)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn echo(&self, frame: Frame) -> Frame {
        frame
    }
}

#[tokio::test]
async fn a_dozen_lines_send_back_text_and_bytes_over_websocket_and_long_poll() {
    let endpoint = Endpoint::builder().socket::<Echo>().build().unwrap();
    let at = server::serve(&endpoint).await;

    let mut client = RawClient::connect(at, "/echo/websocket", "").await;
    client.send_text("hello").await;
    assert_eq!(client.frame().await.unwrap().text(), "hello");
    client.send(BINARY, b"\x00\x01\x02").await;
    let frame = client.frame().await.unwrap();
    assert_eq!((frame.first, &*frame.payload), (BINARY, &b"\x00\x01\x02"[..]));

    let client = Client::open(at, "/echo/longpoll").await;
    assert_eq!(client.post("hello").await, 200);
    assert_eq!(client.receive(1).await, ["hello"]);
    assert_eq!(client.post_as("application/x-ndjson", "AAEC").await, 200);
    assert_eq!(client.receive(1).await, ["data:;base64,AAEC"]);
}

/// Where a socket tells why it ended.
type Ends = mpsc::UnboundedSender<Reason>;

#[derive(Clone)]
struct Greeting(&'static str);

#[socket("/diary/{of}", websocket(check_origin = false), longpoll(check_origin = false))]
mod diary {
    use phx_runtime::{
        prelude::*,
        transport::{CloseCode, Connection, Control, Flow},
    };

    use super::{Ends, Greeting};

    #[assigns]
    pub(super) struct Diary {
        of: String,
        entries: Vec<String>,
        attached: usize,
    }

    pub(super) struct Wake;

    #[connect]
    async fn open(params: Params) -> Result<Diary, ConnectError> {
        match params.get("of") {
            Some("nobody") => Err(ConnectError::new("whose?")),
            of => {
                let of = of.unwrap_or_default().to_owned();
                Ok(Diary { of, entries: Vec::new(), attached: 0 })
            }
        }
    }

    #[id]
    fn id(diary: &Diary) -> String {
        format!("diary:{}", diary.of)
    }

    #[init]
    async fn greet(
        diary: &mut Diary,
        connection: &Connection,
        greeting: State<Greeting>,
    ) -> Result<String, CloseCode> {
        tokio::task::yield_now().await;
        if diary.of == "somebody" {
            return Err(CloseCode::new(4004).unwrap());
        }
        connection.notify(Wake);
        Ok(format!("{} {}", greeting.0.0, diary.of))
    }

    #[handle_in]
    async fn text(
        diary: &mut Diary,
        text: &str,
        connection: &Connection,
    ) -> Result<Option<String>, Fault> {
        tokio::task::yield_now().await;
        match text {
            "count" => Ok(Some(format!("{} and {}", diary.entries.len(), diary.attached))),
            "fail" => Err(Fault::new("the disk is at 10.0.0.7")),
            "ping" => {
                connection.ping(b"are you there");
                Ok(None)
            }
            entry => {
                diary.entries.push(entry.to_owned());
                Ok(None)
            }
        }
    }

    #[handle_in]
    fn bytes(diary: &mut Diary, attachment: &[u8]) -> Flow {
        diary.attached += attachment.len();
        if attachment == b"end" { Flow::Stop(CloseCode::NORMAL) } else { Flow::Continue }
    }

    #[handle_control]
    fn control(_: &Diary, control: Control) -> String {
        match control {
            Control::Ping(payload) => format!("ping {}", payload.len()),
            Control::Pong(payload) => format!("pong {}", payload.len()),
            _ => String::new(),
        }
    }

    #[handle_info]
    fn wake(diary: &Diary, _: Wake) -> String {
        format!("{} is awake", diary.of)
    }

    #[terminate]
    async fn close(_: &mut Diary, reason: Reason, ends: State<Ends>) {
        tokio::task::yield_now().await;
        // The test may be over.
        let _ = ends.send(reason);
    }
}

async fn diaries() -> (Endpoint, SocketAddr, mpsc::UnboundedReceiver<Reason>) {
    let (ends, receiver) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder()
        .state::<Ends>(ends)
        .state(Greeting("hello"))
        .socket::<diary::Diary>()
        .build()
        .unwrap();
    let at = server::serve(&endpoint).await;
    (endpoint, at, receiver)
}

#[tokio::test]
async fn each_message_finds_the_handler_of_its_kind_in_a_module() {
    let (_endpoint, at, mut ends) = diaries().await;
    let mut client = RawClient::connect(at, "/diary/ann/websocket", "").await;
    assert_eq!(client.frame().await.unwrap().text(), "hello ann");
    assert_eq!(client.frame().await.unwrap().text(), "ann is awake");
    client.send_text("dear diary").await;
    client.send(BINARY, b"1234").await;
    client.send_text("count").await;
    assert_eq!(client.frame().await.unwrap().text(), "1 and 4");

    client.send(PING, b"12").await;
    assert_eq!(client.frame().await.unwrap().first, PONG);
    assert_eq!(client.frame().await.unwrap().text(), "ping 2");
    client.send_text("ping").await;
    let ping = client.frame().await.unwrap();
    assert_eq!(ping.first, PING);
    client.send(PONG, &ping.payload).await;
    assert_eq!(client.frame().await.unwrap().text(), "pong 13");

    client.send(BINARY, b"end").await;
    assert_eq!(client.closed_with().await, Some(1000));
    assert_eq!(ends.recv().await, Some(Reason::Normal));
}

#[tokio::test]
async fn a_long_polling_client_is_served_by_the_same_handlers() {
    let (_endpoint, at, _ends) = diaries().await;
    let client = Client::open(at, "/diary/ann/longpoll").await;
    assert_eq!(client.receive(2).await, ["hello ann", "ann is awake"]);
    assert_eq!(client.post("dear diary").await, 200);
    assert_eq!(client.post_as("application/x-ndjson", "AAEC").await, 200);
    assert_eq!(client.post("count").await, 200);
    assert_eq!(client.receive(1).await, ["1 and 3"]);
}

#[tokio::test]
async fn connecting_and_the_beginning_may_refuse() {
    let (_endpoint, at, mut ends) = diaries().await;
    let refused = crate::support::http_client::get(at, "/diary/nobody/longpoll").await;
    assert_eq!(refused.status(), 403);
    let mut client = RawClient::connect(at, "/diary/somebody/websocket", "").await;
    assert_eq!(client.closed_with().await, Some(4004));
    let reason = ends.recv().await.unwrap();
    assert!(reason.to_string().contains("4004"), "{reason}");
}

#[tokio::test]
async fn a_handler_that_fails_closes_its_connection_and_says_why_to_the_log_alone() {
    let logs = Logs::from("error");
    let (_endpoint, at, _ends) = diaries().await;
    let mut client = RawClient::connect(at, "/diary/ann/websocket", "").await;
    client.send_text("fail").await;
    assert_eq!(client.closed_with().await, Some(1011));
    let logged = logs.text();
    assert!(logged.contains("a socket failed"), "{logged}");
    assert!(logged.contains("handle_in") && logged.contains("10.0.0.7"), "{logged}");
}

#[tokio::test]
async fn a_declared_socket_is_disconnected_by_its_id() {
    let (endpoint, at, mut ends) = diaries().await;
    let mut ann = RawClient::connect(at, "/diary/ann/websocket", "").await;
    let mut bob = RawClient::connect(at, "/diary/bob/websocket", "").await;
    endpoint.disconnect("diary:ann");
    assert_eq!(ann.closed_with().await, Some(1001));
    assert_eq!(ends.recv().await, Some(Reason::Disconnected));
    assert_eq!(bob.frame().await.unwrap().text(), "hello bob");
}

#[tokio::test]
async fn a_state_that_a_handler_takes_and_nobody_registered_is_missed_at_start() {
    let (ends, _) = mpsc::unbounded_channel();
    let error = Endpoint::builder().state::<Ends>(ends).socket::<diary::Diary>().build();
    let error = error.unwrap_err();
    assert_eq!(error.kind(), "missing_state");
    assert!(error.to_string().contains("Diary::greet"), "{error}");
}

/// Hears what is broadcast on its topics.
struct Ticker {
    topics: Vec<Forwarding>,
}

/// Sent by the application.
struct Note(&'static str);

#[socket("/ticker", websocket(check_origin = false))]
impl Ticker {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self { topics: Vec::new() })
    }

    #[init]
    fn start(&mut self, connection: &Connection, handles: State<Handles>) {
        handles.lock().push(connection.clone());
    }

    #[handle_in]
    fn listen(&mut self, topic: String, connection: &Connection, endpoint: &Endpoint) -> Answer {
        match topic.as_str() {
            "stop" => {
                self.topics.clear();
                Answer::frame(Frame::text("stopped"))
            }
            "bye" => Answer::frame(Frame::text("see you")).and_stop(CloseCode::GOING_AWAY),
            _ => {
                self.topics.push(endpoint.forward(topic, connection));
                Answer::frame(Frame::text("listening"))
            }
        }
    }

    #[handle_info]
    fn heard(&self, price: Broadcast) -> String {
        format!("{} {}", price.event(), price.payload().as_json().unwrap_or_default())
    }

    #[handle_info]
    fn note(&self, note: Note) -> &'static str {
        note.0
    }
}

type Handles = Arc<Mutex<Vec<Connection>>>;

#[tokio::test]
async fn broadcasts_and_letters_arrive_in_the_handlers_of_their_types() {
    let logs = Logs::from("warn");
    let handles = Handles::default();
    let endpoint = Endpoint::builder().state(handles.clone()).socket::<Ticker>().build().unwrap();
    let at = server::serve(&endpoint).await;
    let mut client = RawClient::connect(at, "/ticker/websocket", "").await;
    client.send_text("prices").await;
    assert_eq!(client.frame().await.unwrap().text(), "listening");
    endpoint.broadcast("prices", "changed", json!({ "EUR": 1 }));
    assert_eq!(client.frame().await.unwrap().text(), r#"changed {"EUR":1}"#);

    let connection = handles.lock()[0].clone();
    connection.notify(7_u8);
    connection.notify(Note("from elsewhere"));
    assert_eq!(client.frame().await.unwrap().text(), "from elsewhere");
    let logged = logs.text();
    assert!(logged.contains("u8") && logged.contains("Ticker"), "{logged}");

    client.send_text("stop").await;
    assert_eq!(client.frame().await.unwrap().text(), "stopped");
    assert_eq!(endpoint.subscribers("prices"), 0);
    client.send_text("bye").await;
    assert_eq!(client.frame().await.unwrap().text(), "see you");
    assert_eq!(client.closed_with().await, Some(1001));
}

/// Takes one kind of messages alone.
struct Images;

#[socket("/images", websocket(check_origin = false), longpoll(check_origin = false))]
impl Images {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn image(&self, image: Bytes) -> Bytes {
        image.slice(..1)
    }
}

#[tokio::test]
async fn a_message_that_no_handler_takes_is_no_message_of_the_socket() {
    let endpoint = Endpoint::builder().socket::<Images>().build().unwrap();
    let at = server::serve(&endpoint).await;
    let mut client = RawClient::connect(at, "/images/websocket", "").await;
    client.send(BINARY, b"12").await;
    assert_eq!(&*client.frame().await.unwrap().payload, b"1");
    client.send_text("12").await;
    assert_eq!(client.closed_with().await, Some(1003));

    let client = Client::open(at, "/images/longpoll").await;
    assert_eq!(client.post("12").await, 400);
    assert_eq!(client.post_as("application/x-ndjson", "AAEC").await, 200);
    assert_eq!(client.receive(1).await, ["data:;base64,AA=="]);
}

#[tokio::test]
async fn a_declared_socket_is_mounted_elsewhere_and_connected_by_its_type() {
    let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
    let mount = Mount::new("/elsewhere").websocket(options).longpoll(LongPollOptions::new());
    let endpoint = Endpoint::builder().socket_at::<Echo>(mount).build().unwrap();
    let at = server::serve(&endpoint).await;
    let mut client = RawClient::connect(at, "/elsewhere/websocket", "").await;
    client.send_text("here").await;
    let frame = client.frame().await.unwrap();
    assert_eq!((frame.first, frame.text()), (TEXT, "here"));
    client.send(CLOSE, b"").await;

    assert!(Echo::raw().is_some());
    let info =
        ConnectInfo::new(phx_runtime::transport::TransportKind::Custom("mine"), Params::default());
    let socket = endpoint.connect_socket::<Echo>(info).await.unwrap().into_socket();
    assert_eq!(socket.name(), "Echo");
}
