//! One message per line over any stream of bytes.

use std::{
    io,
    task::{Context, Poll, ready},
};

use futures_util::{SinkExt, StreamExt};
use phx_runtime::{
    ConnectError, ConnectInfo, Endpoint, Params, Reason,
    transport::{CloseCode, Connection, Frame, Outgoing, Received, Text, Transport, TransportKind},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// Bytes that a line may have.
pub const LONGEST: usize = 64 * 1024;

/// Bytes that may wait for a client without its being behind.
const BACKLOG: usize = 1 << 20;

/// A stream of lines. Binary messages are not sent.
pub struct Lines<IO>(Framed<IO, LinesCodec>);

impl<IO: AsyncRead + AsyncWrite> Lines<IO> {
    /// Lines over a stream.
    pub fn new(stream: IO) -> Self {
        Self(Framed::new(stream, LinesCodec::new_with_max_length(LONGEST)))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send> Transport for Lines<IO> {
    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.0.poll_next_unpin(task).map(|line| match line {
            Some(Ok(line)) => Received::Message(Frame::text(line)),
            Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                Received::Invalid { code: CloseCode::TOO_BIG, why: "a line is too long".into() }
            }
            Some(Err(LinesCodecError::Io(_))) => Received::Lost,
            None => Received::Closed { code: None, text: Text::default() },
        })
    }

    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Err(error) = ready!(SinkExt::<&str>::poll_ready_unpin(&mut self.0, task)) {
                return Poll::Ready(Err(io::Error::other(error)));
            }
            // What is not taken yet counts against the client's backlog.
            let next = connection.take_frames_up_to(1);
            if next.is_empty() {
                let flushed = SinkExt::<&str>::poll_flush_unpin(&mut self.0, task);
                return flushed.map_err(io::Error::other);
            }
            for outgoing in next {
                if let Outgoing::Frame(Frame::Text(text)) = outgoing {
                    self.0.start_send_unpin(text.as_str()).map_err(io::Error::other)?;
                }
            }
        }
    }

    fn poll_close(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<()> {
        let _ = ready!(self.poll_send(task, connection));
        SinkExt::<&str>::poll_close_unpin(&mut self.0, task).map(drop)
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
) -> Result<Reason, ConnectError>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
{
    let params = Params::from_iter([("vsn", "2.0.0")]);
    let info = ConnectInfo::new(TransportKind::Custom("lines"), params);
    let client = endpoint.connect(path, info).await?;
    Ok(client.serve(Connection::new(BACKLOG), Lines::new(stream)).await)
}

/// Serves whoever comes.
///
/// # Errors
///
/// No more clients can be accepted.
pub async fn serve(
    endpoint: Endpoint,
    path: &'static str,
    listener: TcpListener,
) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let endpoint = endpoint.clone();
        tokio::spawn(async move {
            if let Err(refused) = serve_one(&endpoint, path, stream).await {
                eprintln!("refused: {refused}");
            }
        });
    }
}
