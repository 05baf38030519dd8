//! A WebSocket client that hides nothing: it writes whatever bytes a test wants and shows the
//! frames that come back as they are.

use std::net::SocketAddr;

use phx_runtime::json;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::handshake::{Answer, handshake, header};

/// Where most sockets of the tests are, with the newest serializer.
pub(crate) const SOCKET: &str = "/socket/websocket?vsn=2.0.0";

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
/// The bit that marks a compressed message.
pub(crate) const RSV1: u8 = 0x40;

/// A connection whose receiving end holds little, however much comes: what is sent beyond that is for
/// the sender to keep.
pub(crate) async fn connect_narrowly(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let stream = socket.connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) struct RawClient<S = TcpStream> {
    pub(crate) stream: S,
    /// Status line and headers of the answer to its handshake.
    head: String,
    read: Vec<u8>,
}

/// A frame as it came, its payload not inflated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawFrame {
    /// FIN, reserved bits and opcode.
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl RawFrame {
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.first, TEXT, "{self:?}");
        std::str::from_utf8(&self.payload).unwrap()
    }

    pub(crate) fn close_code(&self) -> u16 {
        assert_eq!(self.first, CLOSE, "{self:?}");
        u16::from_be_bytes([self.payload[0], self.payload[1]])
    }
}

impl RawClient {
    /// Connects, shakes hands with additional header lines, and expects to be let in.
    pub(crate) async fn connect(address: SocketAddr, path: &str, headers: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream, path, headers).await
    }

    /// Connects and joins a topic.
    pub(crate) async fn joined(address: SocketAddr, topic: &str) -> Self {
        let mut client = Self::connect(address, SOCKET, "").await;
        assert_eq!(client.join(topic, json!({})).await["status"], "ok");
        client
    }
}

impl<S> Answer<S> {
    /// The connection, which was accepted.
    pub(crate) fn accepted(self) -> RawClient<S> {
        assert_eq!(self.status, 101, "{}{}", self.head, self.body);
        RawClient { stream: self.stream, head: self.head, read: self.rest }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// A stream that speaks the protocol already.
    pub(crate) fn upgraded(stream: S) -> Self {
        Self { stream, head: String::new(), read: Vec::new() }
    }

    /// Shakes hands over a stream, which may be encrypted.
    pub(crate) async fn over(stream: S, path: &str, headers: &str) -> Self {
        let headers = format!("Host: localhost\r\n{headers}");
        Answer::over(stream, handshake(path, &headers).as_bytes()).await.accepted()
    }

    /// The value of a header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Sends a message and waits for the payload of its reply.
    pub(crate) async fn ask(&mut self, topic: &str, event: &str, payload: Value) -> Value {
        self.say(&json!(["1", "1", topic, event, payload])).await;
        self.hear().await[4].take()
    }

    pub(crate) async fn join(&mut self, topic: &str, payload: Value) -> Value {
        self.ask(topic, "phx_join", payload).await
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        serde_json::from_str(self.frame().await.unwrap().text()).unwrap()
    }

    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&frame(first, payload)).await.unwrap();
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send(TEXT, text.as_bytes()).await;
    }

    /// The next frame; `None` once the server has closed or reset the stream.
    pub(crate) async fn frame(&mut self) -> Option<RawFrame> {
        loop {
            if let Some(frame) = self.buffered_frame() {
                return Some(frame);
            }
            if !matches!(self.stream.read_buf(&mut self.read).await, Ok(1..)) {
                assert!(self.read.is_empty(), "ended within a frame: {:02x?}", self.read);
                return None;
            }
        }
    }

    /// The close code that ends the connection, whatever comes before it.
    pub(crate) async fn closed_with(&mut self) -> Option<u16> {
        while let Some(frame) = self.frame().await {
            if frame.first == CLOSE {
                return Some(frame.close_code());
            }
        }
        None
    }

    fn buffered_frame(&mut self) -> Option<RawFrame> {
        let &[first, second, ref rest @ ..] = &*self.read else { return None };
        assert_eq!(second & 0x80, 0, "a server does not mask");
        let (length, header) = match second {
            126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).unwrap(), 10),
            short => (usize::from(short), 2),
        };
        if self.read.len() < header + length {
            return None;
        }
        let payload = self.read.drain(..header + length).skip(header).collect();
        Some(RawFrame { first, payload })
    }
}

/// A masked frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    if let Ok(length @ 0..=125) = u8::try_from(payload.len()) {
        frame.push(0x80 | length);
    } else if let Ok(length) = u16::try_from(payload.len()) {
        frame.push(0xfe);
        frame.extend(length.to_be_bytes());
    } else {
        frame.push(0xff);
        frame.extend((payload.len() as u64).to_be_bytes());
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
