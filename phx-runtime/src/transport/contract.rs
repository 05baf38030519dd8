//! What the serving loop asks of a transport.

use std::{
    borrow::Cow,
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    connection::Connection,
    message::Reason,
    wire::{CloseCode, Control, Frame, Text},
};

/// One client's way to the server and back: what a transport is, as far as the serving loop asks.
///
/// The loop calls the socket, catches its panics, hands it what it is notified of, reads only while it
/// is ready, closes a client that reads too slowly or is silent for too long, and ends the connection
/// as the socket, the client or the server want it. A transport moves messages, and needs no more
/// than two methods for that; both built-in ones are implementations of this trait.
///
/// All methods are called by the task that serves the connection, one after the other. Waking the task
/// of the given [`Context`] gets them called again. A panic in one of them ends this connection alone,
/// and its channels are told. Give one to [`Admitted::serve`](crate::endpoint::Admitted::serve).
///
/// ```
/// use std::{io, task::{Context, Poll}};
///
/// use phx_runtime::transport::{Connection, Frame, Outgoing, Received, Transport};
/// use tokio::sync::mpsc;
///
/// /// A client in the same process.
/// struct InProcess {
///     from_client: mpsc::Receiver<String>,
///     to_client: mpsc::UnboundedSender<Frame>,
/// }
///
/// impl Transport for InProcess {
///     fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
///         self.from_client.poll_recv(task).map(|message| match message {
///             Some(text) => Received::Message(Frame::text(text)),
///             None => Received::Lost,
///         })
///     }
///
///     fn poll_send(
///         &mut self,
///         _: &mut Context<'_>,
///         connection: &Connection,
///     ) -> Poll<io::Result<()>> {
///         for outgoing in connection.take_frames() {
///             if let Outgoing::Frame(frame) = outgoing {
///                 self.to_client.send(frame).map_err(|_| io::ErrorKind::BrokenPipe)?;
///             }
///         }
///         Poll::Ready(Ok(()))
///     }
/// }
/// ```
///
/// Phoenix counterpart: the process that calls the functions of `Phoenix.Socket.Transport`.
pub trait Transport: Send {
    /// What has arrived already and needs no waiting. Asked first, so that all messages of one read
    /// are handled, and answered in one write, before the next read.
    fn received(&mut self, _connection: &Connection) -> Option<Received> {
        None
    }

    /// Waits for what the client sends next. Not called while the socket is not ready for more.
    ///
    /// A client whose messages are read in small parts says [`Received::Bytes`] for each part, and
    /// gives the message with [`received`](Self::received) once it is whole.
    fn poll_receive(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<Received>;

    /// Writes out what waits for the client: what [`Connection::take_frames`] gives.
    ///
    /// It is pending while something waits that the client does not take: a client that stays behind
    /// like that is closed, as the connection's limits say. Frames that were taken and could not be
    /// written yet are the transport's own; to keep the limits, take them one
    /// [at a time](Connection::take_frames_up_to).
    ///
    /// # Errors
    ///
    /// The connection is broken: it ends as [`Received::Lost`] does.
    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>>;

    /// Finds out that the client has gone while its messages are not read, as far as the transport
    /// can tell. [`Received::Message`] must not come from here.
    fn poll_gone(&mut self, _task: &mut Context<'_>, _connection: &Connection) -> Poll<Received> {
        Poll::Pending
    }

    /// What became of the last message, for transports that answer each. Not called where the
    /// connection ended before anything became of it.
    fn handled(&mut self, _outcome: Outcome) {}

    /// Whether each message has an answer of its own, so that one which is invalid is answered as
    /// that and does not end the connection.
    fn answers_each_message(&self) -> bool {
        false
    }

    /// The connection is over: nothing more is received, and what waits is the last that is sent.
    /// [`Connection::ending`] tells the code that the client is to be closed with, if there is one.
    fn ended(&mut self, _reason: &Reason, _connection: &Connection) {}

    /// Writes the last frames and closes the stream. The socket cleans up meanwhile; what takes longer
    /// than 5 s is given up. Not called for a client that is lost.
    fn poll_close(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<()> {
        self.poll_send(task, connection).map(drop)
    }

    /// How long the client may be silent; asked once. None, the default, waits for ever.
    /// [`Connection::set_timeout`] changes it for one connection.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// The client's address, for the log.
    fn peer(&self, _connection: &Connection) -> Option<SocketAddr> {
        None
    }
}

/// What came from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// A whole message.
    Message(Frame),
    /// A ping, which the transport has answered, or a pong.
    Control(Control),
    /// So many bytes: the beginning of a message, or messages that
    /// [`received`](Transport::received) gives.
    Bytes(usize),
    /// The client closed the connection, and said why or not. The socket is told
    /// [`Reason::Closed`], or [`Reason::ClosedWith`] if the client said more than that it goes.
    Closed {
        /// The code that the client gave.
        code: Option<CloseCode>,
        /// Its words; often empty.
        text: Text,
    },
    /// The connection broke, or ended without the client saying so.
    Lost,
    /// Something that is against the rules of the transport. The client is closed with this code, and
    /// the log is told why.
    Invalid {
        /// What the client is told.
        code: CloseCode,
        /// What the log is told.
        why: Cow<'static, str>,
    },
}

/// What became of a message that a transport handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The socket took it.
    Taken,
    /// The socket takes no such message.
    Malformed,
    /// The socket refused what it asks for, and the client is of a version that is told so.
    Refused,
    /// The socket took it and ended the connection.
    Stopped,
    /// The socket panicked.
    Panicked,
}
