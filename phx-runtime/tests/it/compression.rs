//! permessage-deflate, seen by a client that looks at every byte and inflates by itself.

use std::{cell::RefCell, net::SocketAddr, task::Poll};

use miniz_oxide::{
    DataFormat, MZFlush,
    deflate::{CompressionLevel, core::CompressorOxide, stream::deflate},
    inflate::decompress_to_vec,
};
use phx_runtime::{
    options::{Mount, WebSocketOptions},
    prelude::*,
    socket::{ConnectRequest, RawConnect},
    transport::{Connection, Flow, Frame, Handled, Outgoing, RawSocket, TransportKind},
};
use tokio::{io::AsyncWriteExt, net::UnixStream};

use crate::support::{
    everybody::User,
    raw_client::{PING, PONG, RSV1, RawClient, RawFrame, SOCKET, TEXT, frame as raw_frame},
    server::{serve, serve_locally},
};

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

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

fn options() -> WebSocketOptions {
    WebSocketOptions::new().compress(true)
}

async fn start(echo: WebSocketOptions) -> (Endpoint, SocketAddr) {
    let echo = Mount::new("/echo").websocket(echo);
    let builder = Endpoint::builder().socket_with::<User>(|mount| mount.websocket(options()));
    let endpoint = builder.raw_socket::<Echo>(echo).build().unwrap();
    let address = serve(&endpoint).await;
    (endpoint, address)
}

async fn echo(options: WebSocketOptions, headers: &str) -> RawClient {
    let (_, address) = start(options).await;
    RawClient::connect(address, "/echo/websocket", headers).await
}

async fn joined(address: SocketAddr, headers: &str) -> RawClient {
    let mut client = RawClient::connect(address, SOCKET, headers).await;
    client.send_text(r#"["1","1","room:a","phx_join",{}]"#).await;
    client.frame().await.unwrap();
    client
}

/// A message as RFC 7692 section 7.2.1 has it sent.
fn compress(message: &[u8]) -> Vec<u8> {
    let mut state =
        CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::DefaultLevel);
    let mut output = vec![0; message.len() + 1024];
    let result = deflate(&mut state, message, &mut output, MZFlush::Sync);
    assert_eq!(result.bytes_consumed, message.len());
    output[..result.bytes_written].strip_suffix(&[0, 0, 0xff, 0xff]).unwrap().to_vec()
}

/// What a compressed frame says: section 7.2.2, and a last block so that the end is seen.
fn inflated(frame: &RawFrame) -> String {
    assert_eq!(frame.first, TEXT | RSV1, "{frame:?}");
    let end = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];
    String::from_utf8(decompress_to_vec(&[&frame.payload[..], &end].concat()).unwrap()).unwrap()
}

#[tokio::test]
async fn nothing_is_agreed_unless_both_sides_want_it() {
    for (compress, offer) in [(false, OFFER), (true, "")] {
        let mut client = echo(WebSocketOptions::new().compress(compress), offer).await;
        assert_eq!(client.header("sec-websocket-extensions"), None);
        let text = "x".repeat(1000);
        client.send_text(&text).await;
        assert_eq!(client.frame().await.unwrap().text(), text);
        client.send(TEXT | RSV1, &self::compress(text.as_bytes())).await;
        assert_eq!(client.closed_with().await, Some(1002));
    }
}

#[tokio::test]
async fn messages_of_both_directions_are_compressed_one_by_one() {
    let mut client = echo(options(), OFFER).await;
    let agreed = client.header("sec-websocket-extensions").unwrap();
    assert!(agreed.contains("server_no_context_takeover"), "{agreed}");
    assert!(agreed.contains("client_no_context_takeover"), "{agreed}");
    for length in [200, 70_000, 300_000] {
        let text = "some words ".repeat(length / 11);
        for _ in 0..2 {
            client.send(TEXT | RSV1, &compress(text.as_bytes())).await;
            let frame = client.frame().await.unwrap();
            assert!(frame.payload.len() < text.len() / 2);
            assert_eq!(inflated(&frame), text);
        }
        // The client may leave a message as it is.
        client.send_text(&text).await;
        assert_eq!(inflated(&client.frame().await.unwrap()), text);
    }
}

#[tokio::test]
async fn short_messages_and_control_frames_are_left_as_they_are() {
    let mut client = echo(options(), OFFER).await;
    client.send(TEXT | RSV1, &compress(b"short")).await;
    assert_eq!(client.frame().await.unwrap().text(), "short");
    let payload = [b'a'; 125];
    client.send(PING, &payload).await;
    let pong = RawFrame { first: PONG, payload: payload.to_vec() };
    assert_eq!(client.frame().await.unwrap(), pong);
    client.send(PING | RSV1, b"").await;
    assert_eq!(client.closed_with().await, Some(1002));
}

#[tokio::test]
async fn a_compressed_message_may_come_in_fragments() {
    let mut client = echo(options(), OFFER).await;
    let text = "one two three ".repeat(100);
    let compressed = compress(text.as_bytes());
    let (head, tail) = compressed.split_at(5);
    client.send(0x01 | RSV1, head).await;
    client.send(PING, b"between").await;
    client.send(0x80, tail).await;
    assert_eq!(client.frame().await.unwrap().payload, b"between");
    assert_eq!(inflated(&client.frame().await.unwrap()), text);
}

#[tokio::test]
async fn what_inflates_beyond_the_limit_closes_with_1009() {
    let options = options().max_frame_size(10_000);
    let (_, address) = start(options).await;
    let mut client = RawClient::connect(address, "/echo/websocket", OFFER).await;
    client.send(TEXT | RSV1, &compress(&[b'x'; 10_000])).await;
    assert_eq!(inflated(&client.frame().await.unwrap()).len(), 10_000);
    client.send(TEXT | RSV1, &compress(&[b'x'; 10_001])).await;
    assert_eq!(client.closed_with().await, Some(1009));

    // 4 MiB in 4 KB.
    let bomb = compress(&vec![0; 4 << 20]);
    assert!(bomb.len() < 10_000);
    let mut client = RawClient::connect(address, "/echo/websocket", OFFER).await;
    client.send(TEXT | RSV1, &bomb).await;
    assert_eq!(client.closed_with().await, Some(1009));
}

#[tokio::test]
async fn damaged_messages_close_with_1007() {
    let compressed = compress("some words ".repeat(100).as_bytes());
    let (_, address) = start(options()).await;
    for damaged in [&b"\xff\xff\xff"[..], &compressed[..compressed.len() / 2], &[0x06]] {
        let mut client = RawClient::connect(address, "/echo/websocket", OFFER).await;
        client.send(TEXT | RSV1, damaged).await;
        assert_eq!(client.closed_with().await, Some(1007), "{damaged:02x?}");
    }
    let mut client = RawClient::connect(address, "/echo/websocket", OFFER).await;
    client.send(TEXT | RSV1, &compress(&[0xff; 200])).await;
    assert_eq!(client.closed_with().await, Some(1007), "not UTF-8");
}

#[tokio::test]
async fn replies_and_pushes_are_compressed() {
    let (_, address) = start(options()).await;
    let mut client = joined(address, OFFER).await;
    let body = "hello ".repeat(50);
    let message = json!(["1", "2", "room:a", "push", { "body": body }]).to_string();
    client.send(TEXT | RSV1, &compress(message.as_bytes())).await;
    let pushed = inflated(&client.frame().await.unwrap());
    assert!(pushed.contains("pushed") && pushed.contains(&body), "{pushed}");
    let reply = inflated(&client.frame().await.unwrap());
    assert!(reply.contains("phx_reply") && reply.contains(&body), "{reply}");
}

/// A client of a transport that is handed messages, not bytes.
async fn over_another_transport(endpoint: &Endpoint) -> (Box<dyn RawSocket>, Connection) {
    let params: Params = [("vsn", "2.0.0")].into_iter().collect();
    let info = ConnectInfo::new(TransportKind::Custom("memory"), params);
    let mut socket = endpoint.connect("/socket", info).await.unwrap().into_socket();
    let connection = Connection::new(1 << 20);
    assert_eq!(socket.init(&connection).decide().await, Flow::Continue);
    let join = Frame::text(r#"["1","1","room:a","phx_join",{}]"#);
    socket.handle_in(join, &connection).decide().await;
    next_frames(&connection).await;
    (socket, connection)
}

async fn next_frames(connection: &Connection) -> Vec<Outgoing> {
    std::future::poll_fn(|task| match connection.poll_frames(task) {
        Poll::Ready(frames) => Poll::Ready(frames),
        Poll::Pending => Poll::Pending,
    })
    .await
}

#[tokio::test]
async fn subscribers_of_one_broadcast_get_it_as_each_agreed() {
    let (endpoint, address) = start(options()).await;
    let mut plain = joined(address, "").await;
    let mut compressed = [joined(address, OFFER).await, joined(address, OFFER).await];
    let (_socket, memory) = over_another_transport(&endpoint).await;
    let body = "news of the day ".repeat(20);
    // The second is too short to be compressed.
    let payloads = [json!({ "body": body }), json!({ "n": 1 }), json!({ "body": body, "n": 2 })];
    for payload in payloads {
        endpoint.broadcast("room:a", "news", &payload);
        let expected = json!([null, null, "room:a", "news", payload]).to_string();
        assert_eq!(plain.frame().await.unwrap().text(), expected);
        assert_eq!(next_frames(&memory).await, [Outgoing::Frame(Frame::text(&*expected))]);
        for client in &mut compressed {
            let frame = client.frame().await.unwrap();
            if expected.len() < 128 {
                assert_eq!(frame.text(), expected);
            } else {
                assert_eq!(inflated(&frame), expected);
            }
        }
    }
}

thread_local! {
    /// Whose messages were handled in this thread, in order: of the one that floods, or the other.
    static HANDLED: RefCell<Vec<char>> = const { RefCell::new(Vec::new()) };
}

/// Notes whom it was called by.
struct Turns;

impl RawConnect for Turns {
    async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

impl RawSocket for Turns {
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        let is_flood = frame.len() > 1000;
        HANDLED.with_borrow_mut(|handled| handled.push(if is_flood { 'f' } else { 'o' }));
        if !is_flood {
            connection.send(&frame);
        }
        Flow::Continue.into()
    }
}

#[test]
fn a_client_whose_messages_inflate_takes_turns_by_what_they_inflate_to() {
    // Looks at the sockets in every turn, so that turns can be counted.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.event_interval(1).enable_all().build().unwrap().block_on(async {
        let turns = Mount::new("/turns").websocket(options());
        let endpoint = Endpoint::builder().raw_socket::<Turns>(turns).build().unwrap();
        let path = serve_locally(&endpoint, endpoint.routes()).await;
        let connect = async || {
            let stream = UnixStream::connect(&path).await.unwrap();
            RawClient::over(stream, "/turns/websocket", OFFER).await
        };
        let (mut flooding, mut other) = (connect().await, connect().await);
        let message = raw_frame(TEXT | RSV1, &compress("x".repeat(100_000).as_bytes()));
        assert!(message.len() * 300 < 65_536, "one read brings them all");
        flooding.stream.write_all(&message.repeat(300)).await.unwrap();
        for _ in 0..20 {
            other.send_text("other").await;
            assert_eq!(other.frame().await.unwrap().text(), "other");
        }
    });
    let handled: String = HANDLED.take().into_iter().collect();
    let longest = handled.split('o').take(20).map(str::len).max().unwrap();
    assert!((1..10).contains(&longest), "{longest} of a flood without a turn for others");
}
