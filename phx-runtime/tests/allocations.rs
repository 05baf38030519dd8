//! How often the server allocates for what it does all day. Unlike times, these counts are the same
//! on every machine.
//!
//! The server runs on the test's own thread, the only one that is counted; clients run on others.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they are")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Barrier, Mutex, atomic::Ordering},
    thread,
    time::Duration,
};

use allocation_counter::{AllocationInfo, measure};
use phx_runtime::{
    options::{CheckOrigin, Mount, WebSocketOptions},
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, RawSocket},
};
use tokio::{runtime::Runtime, sync::Notify};

#[socket("/socket", websocket(check_origin = false), longpoll(check_origin = false))]
#[channels(super::room::Room, super::watched::Watched, super::door::Door)]
mod user {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct User;

    #[connect]
    fn connect() -> Result<User, ConnectError> {
        Ok(User)
    }
}

#[channel("room:*", log_join = false, log_handle_in = false)]
mod room {
    use phx_runtime::prelude::*;
    use serde::{Deserialize, Serialize};

    #[assigns]
    pub(crate) struct Room;

    #[derive(Deserialize, Serialize)]
    struct Message {
        body: String,
    }

    #[join]
    fn join(_: Payload) -> Result<Room, JoinError> {
        Ok(Room)
    }

    #[handle_in("echo")]
    fn echo(_: &Room, message: Message) -> Reply {
        Reply::ok(message)
    }

    #[handle_in("ack")]
    fn ack(_: &Room, _: Payload) -> Reply {
        Reply::ack()
    }

    /// Lets `wait` go on.
    pub(crate) static GO_ON: tokio::sync::Notify = tokio::sync::Notify::const_new();

    #[handle_in("wait")]
    async fn wait(_: &Room, _: Payload) -> Reply {
        GO_ON.notified().await;
        Reply::ack()
    }

    #[handle_in("ack_later")]
    async fn ack_later(_: &Room, _: Payload) -> Reply {
        Reply::ack()
    }

    #[handle_in("push")]
    fn push(_: &Room, message: Message, socket: &Socket) {
        socket.push("pushed", message);
    }
}

/// A channel that is told something by a task of its own when it has ended.
#[channel("watched:*", log_join = false, log_handle_in = false)]
mod watched {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct Watched;

    /// Tasks under way.
    pub(crate) static WATCHES: AtomicUsize = AtomicUsize::new(0);

    struct Ended {
        _socket: Socket,
        _bytes: [u8; 1000],
    }

    #[join]
    fn join(_: Payload) -> Result<Watched, JoinError> {
        Ok(Watched)
    }

    #[handle_in("watch")]
    fn watch(_: &Watched, _: Payload, socket: &Socket) -> Reply {
        let socket = socket.clone();
        WATCHES.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            for _ in 0..3 {
                while socket.is_open() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                socket.notify(Ended { _socket: socket.clone(), _bytes: [0; 1000] });
                socket.subscribe("prices");
                socket.broadcast("news", 1);
            }
            WATCHES.fetch_sub(1, Ordering::Relaxed);
        });
        Reply::ack()
    }

    #[handle_info]
    fn ended(_: &Watched, _: Ended) {}

    #[handle_out("news")]
    fn news(_: &Watched, _: u8) {}
}

/// Logged as every channel is unless it says otherwise.
#[channel("door:*", log_handle_in = "info")]
mod door {
    use phx_runtime::prelude::*;

    #[assigns]
    pub(crate) struct Door;

    #[join]
    fn join(_: Payload, topic: &Topic) -> Result<Door, JoinError> {
        if topic.ends_with("open") { Ok(Door) } else { Err(JoinError::new("closed")) }
    }

    #[handle_in("ack")]
    fn ack(_: &Door, _: Payload) -> Reply {
        Reply::ack()
    }
}

#[derive(serde::Serialize)]
struct News {
    body: &'static str,
}

struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        connection.send(&frame);
        Flow::Continue.into()
    }
}

/// A server on this thread.
struct Server {
    runtime: Runtime,
    endpoint: Endpoint,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let options = WebSocketOptions::new().check_origin(CheckOrigin::ANY);
        let endpoint = Endpoint::builder()
            .socket::<user::User>()
            .raw_socket::<Echo>(Mount::new("/echo").websocket(options))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(endpoint.bind(([127, 0, 0, 1], 0))).unwrap();
        let address = server.address();
        let routes = endpoint.routes();
        runtime.spawn(server.stop_on(std::future::pending()).run(routes));
        Self { runtime, endpoint, address }
    }

    /// One more address, at which TLS is spoken.
    #[cfg(feature = "tls")]
    fn encrypted(&self, tls: &phx_runtime::server::Tls) -> SocketAddr {
        let listener = phx_runtime::server::Listener::from("127.0.0.1:0").tls(tls);
        let server = self.runtime.block_on(self.endpoint.bind(listener)).unwrap();
        let address = server.address();
        let routes = self.endpoint.routes();
        self.runtime.spawn(server.stop_on(std::future::pending()).run(routes));
        address
    }

    /// What the server allocates while a client does something on another thread.
    fn while_client<T: Send>(&self, work: impl FnOnce() -> T + Send) -> (AllocationInfo, T) {
        let (start, done) = (Barrier::new(2), Notify::new());
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                start.wait();
                let result = work();
                done.notify_one();
                result
            });
            let info = measure(|| {
                start.wait();
                self.runtime.block_on(done.notified());
            });
            (info, client.join().unwrap())
        })
    }

    /// A client that is connected and waits.
    fn client(&self, path: &str) -> Client {
        self.while_client(|| Client::connect(self.address, path)).1
    }

    /// A client that has joined a room.
    fn joined(&self) -> Client {
        let mut client = self.client("/socket/websocket?vsn=2.0.0");
        self.while_client(|| client.ask(&text(r#"["1","1","room:a","phx_join",{}]"#)));
        client
    }

    /// How often the server allocates for one frame that is answered by another.
    fn per_answer(&self, mut client: Client, frame: &[u8]) -> u64 {
        const TIMES: u64 = 200;
        let mut allocations = |times| {
            let work = || (0..times).for_each(|_| client.ask(frame));
            self.while_client(work).0.count_total
        };
        allocations(TIMES);
        let (once, twice) = (allocations(TIMES), allocations(2 * TIMES));
        (twice - once + TIMES / 2) / TIMES
    }

    /// How often it allocates for one broadcast.
    fn per_broadcast(&self) -> u64 {
        const TIMES: u64 = 20;
        let allocations = |times| {
            let broadcasts = async {
                for _ in 0..times {
                    self.endpoint.broadcast("room:a", "news", News { body: "hello" });
                    // A large room is served by a task.
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                }
            };
            measure(|| self.runtime.block_on(broadcasts)).count_total
        };
        allocations(TIMES);
        let (once, twice) = (allocations(TIMES), allocations(2 * TIMES));
        (twice - once + TIMES / 2) / TIMES
    }
}

struct Client<S = TcpStream>(S);

impl Client {
    fn connect(address: SocketAddr, path: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap(), path)
    }
}

impl<S: Read + Write> Client<S> {
    fn over(mut stream: S, path: &str) -> Self {
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    fn ask(&mut self, frame: &[u8]) {
        self.0.write_all(frame).unwrap();
        self.read();
    }

    fn read(&mut self) {
        let mut header = [0; 2];
        self.0.read_exact(&mut header).unwrap();
        let length = match header[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).unwrap();
                usize::from(u16::from_be_bytes(length))
            }
            short => usize::from(short),
        };
        self.0.read_exact(&mut vec![0; length]).unwrap();
    }
}

/// A long-polling client with one connection.
struct Poller {
    stream: TcpStream,
    token: String,
}

impl Poller {
    const PATH: &str = "/socket/longpoll?vsn=2.0.0";

    fn join(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        let mut poller = Self { stream, token: String::new() };
        poller.poll();
        let opened: serde_json::Value = serde_json::from_str(&poller.answer()).unwrap();
        opened["token"].as_str().unwrap().clone_into(&mut poller.token);
        let (token, join) = (&poller.token, r#"["1","1","room:a","phx_join",{}]"#);
        let post = format!(
            "POST {}&token={token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{join}",
            Self::PATH,
            join.len(),
        );
        poller.stream.write_all(post.as_bytes()).unwrap();
        assert_eq!(poller.answer(), r#"{"status":200}"#);
        poller.poll();
        assert!(poller.answer().contains("phx_reply"));
        poller
    }

    fn poll(&mut self) {
        let (path, token) = (Self::PATH, &self.token);
        let token = if token.is_empty() { String::new() } else { format!("&token={token}") };
        let poll = format!("GET {path}{token} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.write_all(poll.as_bytes()).unwrap();
    }

    /// The body of an answer.
    fn answer(&mut self) -> String {
        let head = self.read_until(|read| read.ends_with("\r\n\r\n"));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = match length.map(|length| length.parse::<usize>().unwrap()) {
            Some(length) => self.read_until(|read| read.len() == length),
            None => self.read_until(|read| read.ends_with("\r\n0\r\n\r\n")),
        };
        let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
        body[from..=to].to_owned()
    }

    fn read_until(&mut self, is_whole: impl Fn(&str) -> bool) -> String {
        let mut read = String::new();
        while !is_whole(&read) {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            read.push(byte[0].into());
        }
        read
    }
}

/// A frame whose mask changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    if let Ok(short @ ..=125) = u8::try_from(payload.len()) {
        frame.push(0x80 | short);
    } else if let Ok(medium) = u16::try_from(payload.len()) {
        frame.push(0xfe);
        frame.extend(medium.to_be_bytes());
    } else {
        frame.push(0xff);
        frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn text(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes())
}

#[test]
fn an_echo_takes_what_was_read_and_nothing_else() {
    let server = Server::start();
    let per_echo = |frame: &[u8]| server.per_answer(server.client("/echo/websocket"), frame);
    for size in [1, 64, 4096] {
        assert_eq!(per_echo(&text(&"x".repeat(size))), 1, "{size} bytes");
    }
    assert_eq!(per_echo(&frame(0x89, b"still there?")), 1, "a ping");
}

#[test]
fn an_answer_takes_what_was_read_and_what_its_handler_makes() {
    let server = Server::start();
    let per_message = |message: &str| server.per_answer(server.joined(), &text(message));
    // What was read, and a count of those who share it: the frame and the payload in it.
    assert_eq!(per_message(r#"[null,"2","phoenix","heartbeat",{}]"#), 2);
    assert_eq!(per_message(r#"["1","2","room:a","ack",{}]"#), 2);
    // The handler's future, and what keeps the channel for it.
    assert_eq!(per_message(r#"["1","2","room:a","ack_later",{}]"#), 4);
    // The `String` that the handler takes.
    assert_eq!(per_message(r#"["1","2","room:a","push",{"body":"hello"}]"#), 3);
    // And the reply, which outlives the handler.
    assert_eq!(per_message(r#"["1","2","room:a","echo",{"body":"hello"}]"#), 4);
}

#[test]
fn a_broadcast_takes_the_same_whatever_the_number_of_subscribers() {
    let server = Server::start();
    let mut clients = vec![server.joined()];
    let one = server.per_broadcast();
    assert_eq!(one, 7);
    clients.extend((0..199).map(|_| server.joined()));
    assert_eq!(server.per_broadcast(), one, "{} subscribers", clients.len());
    clients.extend((0..400).map(|_| server.joined()));
    // Those beyond the first 256 are served by a task of its own.
    assert_eq!(server.per_broadcast(), one + 1, "{} subscribers", clients.len());
}

#[test]
fn connections_that_ended_leave_no_byte_whatever_they_are_still_told() {
    let server = Server::start();
    let left = |times| {
        let all_over = async {
            while server.endpoint.connections() > 0 || watched::WATCHES.load(Ordering::Relaxed) > 0
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let connect = || {
            for _ in 0..times {
                let mut client = Client::connect(server.address, "/socket/websocket?vsn=2.0.0");
                client.ask(&text(r#"["1","1","watched:a","phx_join",{}]"#));
                client.ask(&text(r#"["1","2","watched:a","watch",{}]"#));
            }
        };
        let (during, ()) = server.while_client(connect);
        let after = measure(|| server.runtime.block_on(all_over));
        during.bytes_current + after.bytes_current
    };
    left(20);
    let (once, twice) = (left(20), left(200));
    assert_eq!((once, twice), (0, 0));
}

/// What the allocator adds, and what the kernel holds, is not counted. The lists of all connections
/// and of the topic's subscribers are, as far as they grow meanwhile.
#[test]
fn an_idle_connection_with_one_topic_takes_few_bytes() {
    const TIMES: i64 = 200;
    let server = Server::start();
    let join = text(r#"["1","1","room:a","phx_join",{}]"#);
    let connect = || {
        let mut client = Client::connect(server.address, "/socket/websocket?vsn=2.0.0");
        client.ask(&join);
        client
    };
    let open = || {
        let connect_all = || (0..TIMES).map(|_| connect()).collect::<Vec<_>>();
        let (opened, clients) = server.while_client(connect_all);
        let settled = measure(|| {
            server.runtime.block_on(async {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
            });
        });
        ((opened.bytes_current + settled.bytes_current) / TIMES, clients)
    };
    let (_, _those_before) = open();
    let (bytes, _clients) = open();
    assert!(bytes <= 1400, "{bytes} bytes");
}

/// As above, over TLS.
#[cfg(feature = "tls")]
#[test]
fn an_idle_connection_over_tls_takes_few_bytes_more() {
    use tokio_rustls::rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
    };

    const TIMES: i64 = 100;
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let tls = phx_runtime::server::TlsOptions::pem(certificate, key).build().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let server = Server::start();
    let address = server.encrypted(&tls);
    let join = text(r#"["1","1","room:a","phx_join",{}]"#);
    let open = || {
        let connect = |_| {
            let session = ClientConnection::new(config.clone(), "localhost".try_into().unwrap());
            let stream = TcpStream::connect(address).unwrap();
            let stream = StreamOwned::new(session.unwrap(), stream);
            let mut client = Client::over(stream, "/socket/websocket?vsn=2.0.0");
            client.ask(&join);
            client
        };
        let (opened, clients) = server.while_client(|| (0..TIMES).map(connect).collect::<Vec<_>>());
        (opened.bytes_current / TIMES, clients)
    };
    let (_, _those_before) = open();
    let (bytes, _clients) = open();
    assert!(bytes <= 5200, "{bytes} bytes");
}

/// A session that is joined to one topic, its connection and its poll that waits there.
#[test]
fn a_waiting_poll_takes_few_bytes_with_all_that_belongs_to_it() {
    const TIMES: i64 = 200;
    let server = Server::start();
    let mut echo = server.client("/echo/websocket");
    let mut open = || {
        let open_all = || {
            let pollers = (0..TIMES).map(|_| Poller::join(server.address));
            let mut pollers: Vec<_> = pollers.collect();
            pollers.iter_mut().for_each(Poller::poll);
            // What comes later is answered later.
            (0..10).for_each(|_| echo.ask(&text("")));
            pollers
        };
        let (opened, pollers) = server.while_client(open_all);
        (opened.bytes_current / TIMES, pollers)
    };
    let (_, _those_before) = open();
    let (bytes, _pollers) = open();
    assert!(bytes <= 5500, "{bytes} bytes");
}

#[test]
fn an_idle_connection_holds_nothing_of_what_it_carried() {
    let server = Server::start();
    let mut echo = server.client("/echo/websocket");
    let mut room = server.joined();
    let large = "x".repeat(50_000);
    let mut traffic = || {
        for _ in 0..3 {
            echo.ask(&text(&large));
            echo.ask(&[frame(0x01, b"in"), frame(0x89, b""), frame(0x80, b"parts")].concat());
            echo.read();
            for event in ["ack", "echo", "push"] {
                room.ask(&text(&format!(r#"["1","2","room:a","{event}",{{"body":"{large}"}}]"#)));
            }
        }
    };
    // What belongs to the thread is there after the first time.
    server.while_client(&mut traffic);
    let (info, ()) = server.while_client(&mut traffic);
    assert!(info.count_total > 20);
    assert_eq!((info.count_current, info.bytes_current), (0, 0));
}

#[test]
fn a_flood_behind_a_busy_handler_takes_the_memory_of_what_may_wait() {
    let server = Server::start();
    let large = format!(r#"["1","2","room:a","ack",{{"body":"{}"}}]"#, "x".repeat(30_000));
    let small = r#"["1","2","room:a","ack",{}]"#.to_owned();
    let beat = format!(r#"[null,"2","phoenix","heartbeat",{{}}{}]"#, " ".repeat(15_000));
    // Each with what comes between two of them, and how often both.
    for (message, between, times) in [(large, 0, 200), (small, 4, 200)] {
        let (mut client, mut other) = (server.joined(), server.joined());
        let mut flood = text(r#"["1","2","room:a","wait",{}]"#);
        for _ in 0..times {
            flood.extend(text(&message));
            (0..between).for_each(|_| flood.extend(text(&beat)));
        }
        let mut write = client.0.try_clone().unwrap();
        let (info, ()) = server.while_client(|| {
            thread::scope(|scope| {
                scope.spawn(|| write.write_all(&flood).unwrap());
                (0..times * between).for_each(|_| client.read());
                // So often that the server had read what there is to be had, if it read it.
                for _ in 0..200 {
                    other.ask(&text(r#"[null,"2","phoenix","heartbeat",{}]"#));
                }
                room::GO_ON.notify_one();
                (0..=times).for_each(|_| client.read());
            });
        });
        // What is read at once comes on top of what waits.
        let (waiting, most) = (info.bytes_max, 3 << 19);
        assert!(waiting < most, "{waiting} bytes for {} of {}", times, message.len());
    }
}

#[test]
fn what_waits_for_a_client_that_does_not_read_takes_no_more_memory_than_it_may() {
    let server = Server::start();
    let client = server.joined();
    let news = "x".repeat(100_000);
    let broadcasts = async {
        for _ in 0..1000 {
            server.endpoint.broadcast("room:a", "news", &news);
            tokio::task::yield_now().await;
        }
        assert_eq!(server.endpoint.subscribers("room:a"), 0, "it was closed");
    };
    let info = measure(|| server.runtime.block_on(broadcasts));
    // The hard limit, what a turn may bring on top of that, and what is on its way.
    let most = 18 << 20;
    assert!((15 << 20..most).contains(&info.bytes_max), "{} bytes", info.bytes_max);
    drop(client);
}

/// What was logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_log_says_of_a_message_takes_no_memory_by_its_size() {
    // While there is one subscriber alone, `tracing` asks that of the thread which comes to a line
    // first, and other tests' threads have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let _logs = tracing::subscriber::set_default(subscriber.finish());
    let server = Server::start();
    let mut client = server.client("/socket/websocket?vsn=2.0.0");
    server.while_client(|| client.ask(&text(r#"["1","1","door:open","phx_join",{}]"#)));
    let size = 9_900_000;
    for payload in [
        format!("{{\"password\":[{}1]}}", "1,".repeat(size / 2)),
        format!("[{}1]", "{},".repeat(size / 3)),
        format!("{}1{}", "[".repeat(size / 2), "]".repeat(size / 2)),
        format!("{{\"{}\":1}}", "n".repeat(size)),
        format!("\"{}\"", "\\u001b".repeat(size / 6)),
    ] {
        for (what, event) in [("door:closed", "phx_join"), ("door:open", "ack")] {
            let message = text(&format!(r#"["1","2","{what}","{event}",{payload}]"#));
            lines.0.lock().unwrap().clear();
            let (info, ()) = server.while_client(|| client.ask(&message));
            let begin = &payload[..10];
            // Twice for the buffer that the frame is read into, which may have to grow.
            let (most, all) = (info.bytes_max, 3 * size as u64);
            assert!(most < all, "{begin} of {event} takes {most} bytes");
            let length = lines.0.lock().unwrap().len();
            assert!((100..4000).contains(&length), "{begin} of {event} writes {length} bytes");
        }
    }
}
