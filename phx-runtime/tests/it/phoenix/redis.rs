//! A server of Redis for one test, and connections to it.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::support::engines::Server;

/// A server through which nodes of Phoenix and of phx talk.
pub(super) struct Redis(Server);

impl Redis {
    pub(super) fn start() -> Self {
        Self(Server::redis())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port()
    }

    pub(super) fn url(&self, query: &str) -> String {
        format!("{}/?pubsub=MyApp.PubSub{query}", self.0.url("phoenix+redis"))
    }

    /// Ends the server, and starts another one in its place after `pause`.
    pub(super) async fn restart(&mut self, pause: Duration) {
        self.0.kill();
        tokio::time::sleep(pause).await;
        self.0.restart();
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
