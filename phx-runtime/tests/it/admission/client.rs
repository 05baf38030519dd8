//! A client that says exactly what it is told to.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{Message, protocol::Role};

/// The headers of a handshake, without which there is none.
const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// The answer to a request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    headers: Vec<(String, String)>,
    stream: TcpStream,
    rest: Vec<u8>,
}

/// Sends a handshake for `target`, with further headers.
pub(crate) async fn open(at: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    let host =
        if headers.iter().any(|(name, _)| *name == "Host") { "" } else { "Host: my.host\r\n" };
    let mut request = format!("GET {target} HTTP/1.1\r\n{host}{HANDSHAKE}");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");
    send(at, request).await
}

/// Sends a request as it is.
pub(crate) async fn send(at: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // A server may answer, and close, before it has read all of a request that is too large.
    let _ = stream.write_all(request.as_ref()).await;
    let mut received = Vec::new();
    let head_end = loop {
        if let Some(at) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
        assert!(stream.read_buf(&mut received).await.unwrap() > 0, "no answer");
    };
    let head = String::from_utf8(received[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut answer =
        Answer { status, body: String::new(), headers, stream, rest: received.split_off(head_end) };
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    while status != 101 && answer.rest.len() < length {
        assert!(answer.stream.read_buf(&mut answer.rest).await.unwrap() > 0, "half an answer");
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        while !answer.rest.ends_with(b"\r\n0\r\n\r\n") {
            assert!(answer.stream.read_buf(&mut answer.rest).await.unwrap() > 0, "half an answer");
        }
        answer.rest = dechunked(&answer.rest);
    }
    if status != 101 {
        answer.body = String::from_utf8(std::mem::take(&mut answer.rest)).unwrap();
    }
    answer
}

/// The body that came in these chunks.
fn dechunked(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = chunks.iter().position(|byte| *byte == b'\r').unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).unwrap(), 16);
        let (chunk, rest) = chunks[line + 2..].split_at(size.unwrap());
        if chunk.is_empty() {
            return body;
        }
        body.extend_from_slice(chunk);
        chunks = &rest[2..];
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// The address that the server sees.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// The connection, which was accepted.
    pub(crate) async fn accepted(self) -> Client {
        assert_eq!(self.status, 101, "{}", self.body);
        let stream =
            WebSocketStream::from_partially_read(self.stream, self.rest, Role::Client, None);
        Client(stream.await)
    }
}

/// An open connection.
pub(crate) struct Client(WebSocketStream<TcpStream>);

impl Client {
    pub(crate) async fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Value {
        match self.0.next().await.unwrap().unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for the server's close frame, and answers it.
    pub(crate) async fn closed(mut self) {
        while let Some(Ok(_)) = self.0.next().await {}
    }

    /// Sends a message and waits for its reply's payload.
    pub(crate) async fn ask(&mut self, topic: &str, event: &str, payload: Value) -> Value {
        self.send(&serde_json::json!(["1", "1", topic, event, payload])).await;
        self.receive().await[4].take()
    }

    pub(crate) async fn join(&mut self, topic: &str, payload: Value) -> Value {
        self.ask(topic, "phx_join", payload).await
    }
}
