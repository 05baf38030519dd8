//! The beginning of a connection, as exactly as a test wants it, and what it is answered.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// The headers of a handshake, without which there is none.
pub(crate) const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A whole handshake, with further header lines.
pub(crate) fn handshake(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{headers}{HANDSHAKE}\r\n")
}

/// The answer to a request.
pub(crate) struct Answer<S = TcpStream> {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) stream: S,
    /// What came behind it.
    pub(crate) rest: Vec<u8>,
}

/// Sends a handshake for `target`, with further headers.
pub(crate) async fn open(at: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    let has_host = headers.iter().any(|(name, _)| *name == "Host");
    let mut lines = if has_host { String::new() } else { "Host: my.host\r\n".to_owned() };
    for (name, value) in headers {
        lines.extend([name, ": ", value, "\r\n"]);
    }
    send(at, handshake(target, &lines)).await
}

/// Sends a request as it is.
pub(crate) async fn send(at: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    Answer::over(TcpStream::connect(at).await.unwrap(), request.as_ref()).await
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answer<S> {
    /// The answer to bytes that are written to a stream.
    pub(crate) async fn over(mut stream: S, request: &[u8]) -> Self {
        // A server may answer, and close, before it has read all of a request that is too large.
        let _ = stream.write_all(request).await;
        let mut read = Vec::new();
        let end = loop {
            if let Some(at) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "no answer");
        };
        let mut rest = read.split_off(end);
        let head = String::from_utf8(read).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        while rest.len() < length {
            assert_ne!(stream.read_buf(&mut rest).await.unwrap(), 0, "half an answer");
        }
        let body = String::from_utf8(rest.drain(..length).collect()).unwrap();
        Self { status, body, head, stream, rest }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of a header.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        header.eq_ignore_ascii_case(name).then_some(value)
    })
}
