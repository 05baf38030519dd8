//! What else comes on a connection whose poll waits.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    longpoll::sockets::{Fixture, start},
    support::http_client::Client,
};

/// A session with a poll that waits.
struct Waiting {
    client: Client,
    /// What the poll came on.
    stream: TcpStream,
}

impl Waiting {
    /// `behind` comes in the same packet.
    async fn start(fixture: &Fixture, version: &str, header: &str, behind: &str) -> Self {
        let client = Client::open(fixture.address, "/echo/longpoll").await;
        let replaced = client.open_poll().await;
        let mut stream = TcpStream::connect(fixture.address).await.unwrap();
        let (path, token) = (&client.path, &client.token);
        let poll = format!(
            "GET {path}?token={token} {version}\r\nHost: localhost\r\n{header}\r\n{behind}"
        );
        stream.write_all(poll.as_bytes()).await.unwrap();
        assert_eq!(replaced.await.unwrap().status(), 204);
        Self { client, stream }
    }

    async fn write(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Whatever comes up to `end`.
    async fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            read.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(read).unwrap()
    }
}

const END_OF_CHUNKS: &str = "\r\n0\r\n\r\n";

#[tokio::test]
async fn requests_behind_a_poll_are_answered_after_it() {
    let fixture = start().await;
    let open = "GET /echo/longpoll HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (some, rest) = open.split_at(20);
    for (at_once, later) in [(open, ""), ("", open), (some, rest)] {
        let mut waiting = Waiting::start(&fixture, "HTTP/1.1", "", at_once).await;
        waiting.write(later).await;
        assert_eq!(waiting.client.post("a").await, 200);
        let polled = waiting.read_until(END_OF_CHUNKS).await;
        assert!(polled.starts_with("HTTP/1.1 200 OK\r\n"), "{polled}");
        assert!(polled.contains(r#""messages":["a"]"#), "{polled}");
        assert!(!polled.contains("connection: close"), "{polled}");
        let opened = waiting.read_until("}").await;
        assert!(opened.starts_with("HTTP/1.1 200 OK\r\n"), "{opened}");
        assert!(opened.contains(r#""status":410"#), "{opened}");
    }
}

#[tokio::test]
async fn more_than_a_buffer_behind_a_poll_is_not_lost() {
    let fixture = start().await;
    let open = "GET /echo/longpoll HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut waiting = Waiting::start(&fixture, "HTTP/1.1", "", &open.repeat(300)).await;
    waiting.write(&open.repeat(100)).await;
    assert_eq!(waiting.client.post("a").await, 200);
    assert!(waiting.read_until(END_OF_CHUNKS).await.contains(r#""messages":["a"]"#));
    for _ in 0..400 {
        let opened = waiting.read_until("}").await;
        assert!(opened.contains(r#""status":410"#), "{opened}");
    }
}

#[tokio::test]
async fn a_poll_that_is_the_last_request_closes_its_connection() {
    let fixture = start().await;
    for (version, header, says_so) in [
        ("HTTP/1.1", "Connection: close\r\n", true),
        ("HTTP/1.1", "Connection: foo, Close\r\n", true),
        ("HTTP/1.0", "", false),
    ] {
        let mut waiting = Waiting::start(&fixture, version, header, "").await;
        assert_eq!(waiting.client.post("a").await, 200);
        let mut answer = String::new();
        waiting.stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(r#""messages":["a"]"#), "{answer}");
        assert_eq!(answer.contains("connection: close"), says_so, "{answer}");
    }
}
