//! A server of Redis for one test, and connections to it.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::support::ports::free_port;

/// A `redis-server`, which ends with the test.
pub(super) struct Redis {
    port: u16,
    server: Child,
}

impl Redis {
    pub(super) async fn start() -> Self {
        let port = free_port();
        let mut redis = Self { port, server: run(port) };
        redis.ready().await;
        redis
    }

    async fn ready(&mut self) {
        for _ in 0..5000 {
            if let Ok(mut connection) = Connection::open(self.port).await
                && connection.ask(&[b"PING"]).await.is_ok()
            {
                return;
            }
            assert!(self.server.try_wait().unwrap().is_none(), "redis-server ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server does not answer");
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self, query: &str) -> String {
        format!("phoenix+redis://127.0.0.1:{}/?pubsub=MyApp.PubSub{query}", self.port)
    }

    /// Ends the server, and starts another one in its place after `pause`.
    pub(super) async fn restart(&mut self, pause: Duration) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        tokio::time::sleep(pause).await;
        self.server = run(self.port);
        self.ready().await;
    }
}

fn run(port: u16) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server has to be installed (test.sh does it)")
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What Redis says.
#[derive(Debug)]
pub(super) enum Reply {
    Error,
    Bytes(Vec<u8>),
    Array(Vec<Reply>),
    Other,
}

pub(super) struct Connection {
    pub(super) reader: Reader,
    pub(super) writer: OwnedWriteHalf,
}

pub(super) struct Reader(BufReader<OwnedReadHalf>);

impl Connection {
    pub(super) async fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: Reader(BufReader::new(reader)), writer })
    }

    pub(super) async fn ask(&mut self, command: &[&[u8]]) -> std::io::Result<Reply> {
        self.writer.write_all(&written(command)).await?;
        self.reader.next().await
    }
}

/// A command as bytes.
pub(super) fn written(command: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
    for part in command {
        bytes.extend(format!("${}\r\n", part.len()).as_bytes());
        bytes.extend(*part);
        bytes.extend(b"\r\n");
    }
    bytes
}

impl Reader {
    pub(super) async fn next(&mut self) -> std::io::Result<Reply> {
        let (kind, text) = self.line().await?;
        Ok(match kind {
            b'-' => Reply::Error,
            b'$' => self.bytes(&text).await?,
            b'*' => {
                let mut items = Vec::new();
                for _ in 0..text.parse::<usize>().unwrap() {
                    let (kind, text) = self.line().await?;
                    items.push(match kind {
                        b'$' => self.bytes(&text).await?,
                        _ => Reply::Other,
                    });
                }
                Reply::Array(items)
            }
            _ => Reply::Other,
        })
    }

    async fn line(&mut self) -> std::io::Result<(u8, String)> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok((line.as_bytes()[0], line[1..].trim_end().to_owned()))
    }

    async fn bytes(&mut self, len: &str) -> std::io::Result<Reply> {
        let mut bytes = vec![0; len.parse::<usize>().unwrap() + 2];
        self.0.read_exact(&mut bytes).await?;
        bytes.truncate(bytes.len() - 2);
        Ok(Reply::Bytes(bytes))
    }
}
