//! Reading and writing, over plain TCP and over any other stream.

use std::{
    cell::RefCell,
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::tcp::TcpReader;
use crate::{
    connection::{BacklogLimits, Connection},
    wire::Decoder,
};

/// Bytes read at once. The buffer belongs to the thread, so that idle connections have none.
pub(super) const READ_SIZE: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_SIZE]);
}

/// Any stream of bytes in both directions, as TLS and HTTP/2 give.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// The task's side of a connection's bytes.
pub(crate) enum Io {
    /// Plain TCP: the writing half is shared with everybody who sends.
    Tcp(TcpReader),
    /// Anything else: only the task writes.
    Other(Pin<Box<dyn Duplex>>),
}

impl Io {
    /// Splits a TCP socket between its task and those who send.
    pub(crate) fn tcp(
        stream: TcpStream,
        backlog: Arc<BacklogLimits>,
        compresses: bool,
    ) -> (Self, Connection) {
        let (read, write) = stream.into_split();
        (
            Self::Tcp(TcpReader::new(read)),
            Connection::of_websocket(backlog, Some(write), compresses),
        )
    }

    pub(crate) fn other(
        stream: impl Duplex + 'static,
        backlog: Arc<BacklogLimits>,
        compresses: bool,
    ) -> (Self, Connection) {
        (Self::Other(Box::pin(stream)), Connection::of_websocket(backlog, None, compresses))
    }

    /// Waits for the end of the stream while nothing is read from it. Only plain TCP tells of it
    /// before all that came earlier is read.
    pub(super) fn poll_end(&mut self, task: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Tcp(reader) => reader.poll_end(task),
            Self::Other(_) => Poll::Pending,
        }
    }

    /// Reads once and hands the bytes to the decoder; `0` is the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        decoder: &mut Decoder,
    ) -> Poll<io::Result<usize>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match self {
                Self::Tcp(reader) => ready!(reader.poll_read(task, &mut buffer))?,
                Self::Other(stream) => ready!(stream.as_mut().poll_read(task, &mut buffer))?,
            }
            let read = buffer.filled();
            decoder.feed(read);
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Writes out what waits.
    pub(super) fn poll_flush(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(_) => connection.poll_flush(task),
            Self::Other(stream) => poll_flush_stream(stream.as_mut(), task, connection),
        }
    }

    /// Tells the client that nothing more comes.
    pub(super) fn poll_shutdown(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(_) => {
                connection.shut_down();
                Poll::Ready(Ok(()))
            }
            Self::Other(stream) => stream.as_mut().poll_shutdown(task),
        }
    }
}

fn poll_flush_stream(
    mut stream: Pin<&mut dyn Duplex>,
    task: &mut Context<'_>,
    connection: &Connection,
) -> Poll<io::Result<()>> {
    loop {
        let Some(mut front) = connection.front() else {
            return stream.as_mut().poll_flush(task);
        };
        while front.has_remaining() {
            let slices = [IoSlice::new(&front)];
            let written = ready!(stream.as_mut().poll_write_vectored(task, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            front.advance(written);
            connection.written(written);
        }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Other(_) => "Other",
        })
    }
}
