//! Clients that block, for threads of their own.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// The path of the socket with channels.
pub(crate) const SOCKET: &str = "/socket/websocket?vsn=2.0.0";

pub(crate) struct Client<S = TcpStream>(pub(crate) S);

impl Client {
    pub(crate) fn connect(address: SocketAddr, path: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap(), path)
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(mut stream: S, path: &str) -> Self {
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

    pub(crate) fn ask(&mut self, frame: &[u8]) {
        self.0.write_all(frame).unwrap();
        self.read();
    }

    pub(crate) fn read(&mut self) {
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
pub(crate) struct Poller {
    stream: TcpStream,
    token: String,
}

impl Poller {
    const PATH: &str = "/socket/longpoll?vsn=2.0.0";

    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).unwrap(), token: String::new() }
    }

    pub(crate) fn join(address: SocketAddr) -> Self {
        let mut poller = Self::connect(address);
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

    pub(crate) fn poll(&mut self) {
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
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
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

pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes())
}
