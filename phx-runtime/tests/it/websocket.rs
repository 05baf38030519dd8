//! The WebSocket transport with another implementation at the other end.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use phx_runtime::{
    options::{CheckOrigin, Drainer, Mount, WebSocketOptions},
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{CloseCode, Connection, Control, Flow, Frame, Handled, RawSocket},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tungstenite::{Message, protocol::frame::coding::CloseCode as Code};
use warp::Filter;

use crate::support::{
    clock::time_until,
    everybody::{EVERYBODY, User},
    handshake::handshake,
    raw_client::SOCKET,
    server::serve_routes,
};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Sends everything back; a few texts make it do something else.
struct Echo;

impl RawConnect for Echo {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Echo {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        match frame.as_bytes().as_ref() {
            b"panic" => panic!("told to"),
            b"stop" => Flow::Stop(CloseCode::new(4001).unwrap()).into(),
            b"slow" => Handled::later(async move {
                tokio::task::yield_now().await;
                connection.send(&Frame::text("slowly"));
                Flow::Continue
            }),
            b"forever" => Handled::later(std::future::pending()),
            b"ping me" => {
                connection.ping(b"hello");
                Flow::Continue.into()
            }
            _ => {
                connection.send(&frame);
                Flow::Continue.into()
            }
        }
    }

    fn handle_control<'a>(&'a mut self, control: Control, at: &'a Connection) -> Handled<'a> {
        if let Control::Pong(payload) = control {
            at.send(&Frame::Binary(payload));
        }
        Flow::Continue.into()
    }
}

/// Says why it ends.
struct Witness(UnboundedSender<Reason>);

impl RawConnect for Witness {
    async fn connect(request: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self(request.endpoint().state::<UnboundedSender<Reason>>()?.0))
    }
}

impl RawSocket for Witness {
    fn handle_in<'a>(&'a mut self, _: Frame, _: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }

    fn terminate<'a>(&'a mut self, reason: Reason, _: &'a Connection) -> BoxFuture<'a, ()> {
        let _ = self.0.send(reason);
        Box::pin(std::future::ready(()))
    }
}

fn endpoint(options: WebSocketOptions) -> Endpoint {
    let options = options.check_origin(CheckOrigin::ANY);
    let echo = Mount::new("/echo").websocket(options);
    let small = WebSocketOptions::new().max_backlog(65_536);
    let builder = Endpoint::builder().socket_with::<User>(|mount| mount.websocket(small));
    builder.raw_socket::<Echo>(echo).build().unwrap()
}

/// Starts a server on a free port.
async fn start(endpoint: &Endpoint) -> SocketAddr {
    serve_routes(endpoint, endpoint.routes().or(warp::path("health").map(|| "ok"))).await
}

async fn connect(address: SocketAddr, path: &str) -> Client {
    connect_async(format!("ws://{address}{path}")).await.unwrap().0
}

async fn echo() -> Client {
    let address = start(&endpoint(WebSocketOptions::new())).await;
    connect(address, "/echo/websocket").await
}

async fn closed_with(client: &mut Client) -> Option<Code> {
    loop {
        match client.next().await? {
            Ok(Message::Close(close)) => return close.map(|close| close.code),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

/// A client in a room, which broadcasts what it is told.
async fn joined(address: SocketAddr) -> Client {
    let mut client = connect(address, SOCKET).await;
    client.send(Message::text(r#"["1","1","room:a","phx_join",{}]"#)).await.unwrap();
    client.next().await.unwrap().unwrap();
    client
}

#[tokio::test]
async fn text_and_bytes_come_back_whole_whatever_their_size() {
    let mut client = echo().await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
        for message in [Message::text("x".repeat(size)), Message::binary(vec![7; size])] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), message);
        }
    }
}

#[tokio::test]
async fn pings_are_answered_and_pongs_handed_on() {
    let mut client = echo().await;
    client.send(Message::Ping(vec![1, 2].into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong(vec![1, 2].into()));
    client.send(Message::text("ping me")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Ping(b"hello".to_vec().into()));
    assert_eq!(client.next().await.unwrap().unwrap(), Message::binary(b"hello".to_vec()));
}

#[tokio::test]
async fn a_handler_that_takes_time_keeps_the_order() {
    let mut client = echo().await;
    client.send(Message::text("slow")).await.unwrap();
    client.send(Message::text("next")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("slowly"));
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("next"));
}

#[tokio::test]
async fn a_stop_closes_with_its_code_and_a_panic_with_1011() {
    for (text, code) in [("stop", Code::Library(4001)), ("panic", Code::Error)] {
        let mut client = echo().await;
        client.send(Message::text(text)).await.unwrap();
        assert_eq!(closed_with(&mut client).await, Some(code), "{text}");
    }
}

#[tokio::test]
async fn a_message_above_the_limit_closes_with_1009() {
    let address = start(&endpoint(WebSocketOptions::new().max_frame_size(1000))).await;
    let mut client = connect(address, "/echo/websocket").await;
    client.send(Message::binary(vec![0; 1000])).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap().len(), 1000);
    client.send(Message::binary(vec![0; 1001])).await.unwrap();
    assert_eq!(closed_with(&mut client).await, Some(Code::Size));
}

#[tokio::test]
async fn a_client_that_says_nothing_for_too_long_is_closed_with_1002() {
    let timeout = Some(Duration::from_millis(50));
    let address = start(&endpoint(WebSocketOptions::new().timeout(timeout))).await;
    let mut client = connect(address, "/echo/websocket").await;
    assert_eq!(time_until(closed_with(&mut client)).await.1, Some(Code::Protocol));
}

#[tokio::test]
async fn a_socket_is_told_that_its_client_said_nothing() {
    let (sender, mut reasons) = unbounded_channel();
    let options = WebSocketOptions::new().timeout(Some(Duration::from_millis(50)));
    let mount = Mount::new("/quiet").websocket(options);
    let endpoint = Endpoint::builder().state(sender).raw_socket::<Witness>(mount).build().unwrap();
    let _client = connect(start(&endpoint).await, "/quiet/websocket").await;
    assert_eq!(time_until(reasons.recv()).await.1, Some(Reason::Inactive));
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let address = start(&endpoint(WebSocketOptions::new())).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = handshake("/echo/websocket", "Host: localhost\r\n").into_bytes();
    // One whole message and the beginning of another, masked with zeros.
    request.extend_from_slice(b"\x81\x82\0\0\0\0hi\x81\x85\0\0\0\0he");
    stream.write_all(&request).await.unwrap();
    stream.write_all(b"llo").await.unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"\x81\x02hi\x81\x05hello") {
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_application_keeps_its_own_routes() {
    let address = start(&endpoint(WebSocketOptions::new())).await;
    let get = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response[9..12].to_owned()
    };
    assert_eq!(get("/health").await, "200");
    assert_eq!(get("/echo/websocket").await, "400");
    assert_eq!(get("/echo").await, "404");
}

#[tokio::test]
async fn the_routes_work_under_plain_warp_serve() {
    let endpoint = endpoint(WebSocketOptions::new());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(endpoint.routes()).incoming(listener).run());
    let mut client = connect(address, "/echo/websocket").await;
    client.send(Message::text("hi")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("hi"));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_hurts_nobody() {
    let endpoint = endpoint(WebSocketOptions::new());
    let address = start(&endpoint).await;
    let mut stuck = joined(address).await;
    let mut reader = joined(address).await;
    let body = "x".repeat(16 * 1024);
    let mut sent = 0;
    // The stuck one goes when its backlog and the kernel's buffers are full.
    while endpoint.subscribers("room:a") == 2 {
        endpoint.broadcast("room:a", "news", json!({ "n": sent, "body": body }));
        let message = reader.next().await.unwrap().unwrap().into_text().unwrap();
        assert!(message.contains(&format!("\"n\":{sent}")), "out of order at {sent}");
        sent += 1;
        assert!(sent < 20_000, "the backlog has no bound");
    }
    assert_eq!(closed_with(&mut stuck).await, Some(Code::Again));
    reader.send(Message::text(r#"["1","2","room:a","ping",{}]"#)).await.unwrap();
    let message = reader.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(message.contains("ping"), "{message}");
}

#[tokio::test]
async fn disconnecting_an_id_closes_with_1001_and_forgets_the_connection() {
    let endpoint = endpoint(WebSocketOptions::new());
    let mut client = joined(start(&endpoint).await).await;
    assert_eq!(endpoint.connections(), 1);
    endpoint.disconnect(EVERYBODY);
    assert_eq!(closed_with(&mut client).await, Some(Code::Away));
    assert!(client.next().await.is_none_or(|end| end.is_err()));
    endpoint.drain().await;
    assert_eq!((endpoint.connections(), endpoint.subscribers("room:a")), (0, 0));
}

#[tokio::test]
async fn stopping_the_server_closes_everybody_with_1012() {
    let endpoint = endpoint(WebSocketOptions::new());
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let serving = tokio::spawn(server.stop_on(stopped).run(endpoint.routes()));
    let mut clients = [joined(address).await, connect(address, "/echo/websocket").await];
    let mut stuck = connect(address, "/echo/websocket").await;
    stuck.send(Message::text("forever")).await.unwrap();
    stop.send(()).unwrap();
    for client in &mut clients {
        assert_eq!(closed_with(client).await, Some(Code::Restart));
    }
    assert_eq!(closed_with(&mut stuck).await, Some(Code::Restart));
    drop((clients, stuck));
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_ends_although_somebody_still_holds_its_handle() {
    struct Keeper;
    static KEPT: std::sync::Mutex<Option<Connection>> = std::sync::Mutex::new(None);

    impl RawConnect for Keeper {
        async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
            Ok(Self)
        }
    }

    impl RawSocket for Keeper {
        fn handle_in<'a>(&'a mut self, _: Frame, connection: &'a Connection) -> Handled<'a> {
            *KEPT.lock().unwrap() = Some(connection.clone());
            Flow::Stop(CloseCode::NORMAL).into()
        }
    }

    let mount = Mount::new("/keep").websocket(WebSocketOptions::new());
    let endpoint = Endpoint::builder().raw_socket::<Keeper>(mount).build().unwrap();
    let address = start(&endpoint).await;
    let mut client = connect(address, "/keep/websocket").await;
    client.send(Message::text("x")).await.unwrap();
    assert_eq!(closed_with(&mut client).await, Some(Code::Normal));
    let MaybeTlsStream::Plain(stream) = client.get_mut() else { unreachable!() };
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    assert!(KEPT.lock().unwrap().is_some());
}

#[tokio::test]
async fn a_mount_that_drains_slowly_keeps_no_other_waiting() {
    let slow = Drainer::new().batch_size(1).batch_interval(Duration::from_hours(1));
    let mount =
        |path| Mount::new(path).websocket(WebSocketOptions::new().check_origin(CheckOrigin::ANY));
    let endpoint = Endpoint::builder()
        .raw_socket::<Echo>(mount("/slow").drainer(Some(slow)))
        .raw_socket::<Echo>(mount("/at-once").drainer(None))
        .build()
        .unwrap();
    let address = start(&endpoint).await;
    let _slow =
        [connect(address, "/slow/websocket").await, connect(address, "/slow/websocket").await];
    let mut at_once = connect(address, "/at-once/websocket").await;
    let draining = tokio::spawn(async move { endpoint.drain().await });
    assert_eq!(closed_with(&mut at_once).await, Some(Code::Restart));
    draining.abort();
}
