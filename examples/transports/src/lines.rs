//! One message per line over any stream of bytes.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, Params, Reason,
    transport::{
        BacklogLimits, CloseCode, Connection, Frame, Outgoing, Received, Text, Transport,
        TransportKind,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_util::{
    codec::{Decoder, LinesCodec, LinesCodecError},
    io::poll_read_buf,
};

use crate::in_one_line;

/// Bytes that a line may have.
pub const LONGEST: usize = 64 * 1024;

/// Bytes that may wait for a client without its being behind.
const BACKLOG: usize = 1 << 20;

/// Bytes that are read and written at once.
const PIECE: usize = 8 * 1024;

/// How long a client may be silent. Clients beat every 30 s.
const SILENCE: Duration = Duration::from_mins(1);

/// How long no more clients are accepted after the system had no room for one.
const PAUSE: Duration = Duration::from_millis(100);

/// A stream of lines. Binary messages of raw sockets are URLs, those of channels are not sent.
pub struct Lines<IO> {
    stream: IO,
    peer: Option<SocketAddr>,
    codec: LinesCodec,
    /// What was read and is not handled yet.
    read: BytesMut,
    /// What was taken for the client and is not written yet.
    write: BytesMut,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Lines<IO> {
    /// Lines over a stream; the log names the peer.
    pub fn new(stream: IO, peer: Option<SocketAddr>) -> Self {
        let codec = LinesCodec::new_with_max_length(LONGEST);
        Self { stream, peer, codec, read: BytesMut::new(), write: BytesMut::new() }
    }

    /// Reads once. A line that never ends is not read on, and one that was not ended is none.
    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<Received> {
        self.read.reserve(PIECE);
        Poll::Ready(match ready!(poll_read_buf(pin!(&mut self.stream), task, &mut self.read)) {
            Ok(0) => Received::Closed { code: None, text: Text::default() },
            Ok(count) => Received::Bytes(count),
            Err(_) => Received::Lost,
        })
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Transport for Lines<IO> {
    fn received(&mut self, _: &Connection) -> Option<Received> {
        match self.codec.decode(&mut self.read) {
            Ok(Some(line)) => Some(Received::Message(Frame::text(line))),
            Ok(None) => {
                if self.read.is_empty() {
                    // Idle clients have no memory of ours.
                    self.read = BytesMut::new();
                }
                None
            }
            Err(LinesCodecError::MaxLineLengthExceeded) => Some(Received::Invalid {
                code: CloseCode::TOO_BIG,
                why: "a line is too long".into(),
            }),
            Err(LinesCodecError::Io(_)) => Some(Received::Invalid {
                code: CloseCode::INVALID_DATA,
                why: "a line is not UTF-8".into(),
            }),
        }
    }

    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.poll_read(task)
    }

    /// A little is read ahead: it is a sign of life, and the end may be behind it.
    fn poll_gone(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        if self.read.len() < LONGEST { self.poll_read(task) } else { Poll::Pending }
    }

    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        loop {
            // What is not taken yet counts against the client's backlog.
            while self.write.len() < PIECE {
                let next = connection.take_frames_up_to(1);
                if next.is_empty() {
                    break;
                }
                for outgoing in next {
                    if let Outgoing::Frame(Frame::Text(text)) = outgoing {
                        self.write.extend_from_slice(in_one_line(text.as_str()).as_bytes());
                        self.write.extend_from_slice(b"\n");
                    }
                }
            }
            if self.write.is_empty() {
                self.write = BytesMut::new();
                return Pin::new(&mut self.stream).poll_flush(task);
            }
            let written = ready!(Pin::new(&mut self.stream).poll_write(task, &self.write))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.write.advance(written);
        }
    }

    fn poll_close(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<()> {
        let _ = ready!(self.poll_send(task, connection));
        Pin::new(&mut self.stream).poll_shutdown(task).map(drop)
    }

    fn timeout(&self) -> Option<Duration> {
        Some(SILENCE)
    }

    fn peer(&self, _: &Connection) -> Option<SocketAddr> {
        self.peer
    }
}

/// Serves one client of the socket at `path`.
///
/// # Errors
///
/// The socket refuses.
pub async fn serve_one<IO>(
    endpoint: &Endpoint,
    path: &str,
    stream: IO,
    peer: Option<SocketAddr>,
) -> Result<Reason, ConnectError>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    let params = Params::from_iter([("vsn", "2.0.0")]);
    let mut info = ConnectInfo::new(TransportKind::Custom("lines"), params);
    if let Some(peer) = peer {
        info = info.with_peer(peer);
    }
    let client = endpoint.connect(path, info).await?;
    Ok(client
        .serve(Connection::text_only(BacklogLimits::new(BACKLOG)), Lines::new(stream, peer))
        .await)
}

/// Serves whoever comes, for ever.
pub async fn serve(endpoint: Endpoint, path: &'static str, listener: TcpListener) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // A client that went already, or no room for one more: neither hurts those who are here.
                eprintln!("not accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let endpoint = endpoint.clone();
        tokio::spawn(async move {
            if let Err(refused) = serve_one(&endpoint, path, stream, Some(peer)).await {
                eprintln!("refused: {refused}");
            }
        });
    }
}
