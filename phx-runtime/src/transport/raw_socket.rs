//! The boundary between transports and sockets.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use serde_json::json;

use super::dispatched::{Dispatched, Dispatching};
use crate::{
    connection::Connection,
    log,
    message::{Fault, Info, Payload, Reason},
    serializer::Message,
    wire::{CloseCode, Control, Frame},
};

/// How long `terminate` may take, that of a whole socket and that of one channel alike. Phoenix
/// counterpart: a channel's `:shutdown`.
pub(crate) const TERMINATE: Duration = Duration::from_secs(5);

/// Something that talks to clients over any transport, without channels.
///
/// The session that serves channels is one implementation; an echo server is another:
///
/// ```
/// use phx_runtime::{
///     ConnectError,
///     socket::{ConnectRequest, RawConnect},
///     transport::{Connection, Flow, Frame, Handled, RawSocket},
/// };
///
/// struct Echo;
///
/// impl RawConnect for Echo {
///     async fn connect(_: ConnectRequest) -> Result<Self, ConnectError> {
///         Ok(Echo)
///     }
/// }
///
/// impl RawSocket for Echo {
///     fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
///         connection.send(&frame);
///         Flow::Continue.into()
///     }
/// }
/// ```
///
/// All methods of one connection are called one after the other by the connection's task. A panic is
/// logged and closes the connection with code 1011. Phoenix counterpart: `Phoenix.Socket.Transport`.
pub trait RawSocket: Send + 'static {
    /// The connection is established. Nothing else is called before this has decided, which may take
    /// time; [`Flow::Stop`] ends the connection at once.
    fn init<'a>(&'a mut self, _connection: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }

    /// A message from the client.
    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a>;

    /// A message of the channels protocol that is decoded already, for transports that have an encoding
    /// of their own or want to know what became of it. A socket without channels refuses it.
    fn dispatch<'a>(&'a mut self, _: Message, _connection: &'a Connection) -> Dispatching<'a> {
        let refused = Dispatched::Refused(Payload::of_value(&json!({ "reason": "no channels" })));
        Box::pin(std::future::ready(refused))
    }

    /// A ping, which has been answered already, or a pong. WebSocket only.
    fn handle_control<'a>(&'a mut self, _: Control, _connection: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }

    /// A message that was sent with [`Connection::notify`].
    fn handle_info<'a>(&'a mut self, _message: Info, _connection: &'a Connection) -> Handled<'a> {
        Flow::Continue.into()
    }

    /// Work that goes on between messages. Called whenever the task is woken.
    fn poll(&mut self, _task: &mut Context<'_>, _connection: &Connection) -> Poll<Flow> {
        Poll::Pending
    }

    /// Whether more messages are welcome; while not, the transport stops reading. Asked again
    /// after the task was woken.
    fn is_ready(&self) -> bool {
        true
    }

    /// What the log calls the socket; the name of its type by default.
    fn name(&self) -> &str {
        log::short_name::<Self>()
    }

    /// Whom the connection belongs to, for the log; unknown by default.
    fn id(&self) -> Option<&str> {
        None
    }

    /// The connection is over. Called exactly once; what takes longer than 5 s is abandoned.
    fn terminate<'a>(
        &'a mut self,
        _reason: Reason,
        _connection: &'a Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(std::future::ready(()))
    }
}

/// Why a connection ends that its socket stopped with a code.
pub(crate) fn stopped(code: CloseCode) -> Reason {
    match code {
        CloseCode::NORMAL => Reason::Normal,
        CloseCode::RESTART => Reason::Draining,
        code => Reason::failed(format_args!("closed with code {code}")),
    }
}

/// Calls a method of a socket. A panic is logged and gives `None`: it ends this connection alone.
pub(crate) fn guarded<T>(method: &'static str, call: impl FnOnce() -> T) -> Option<T> {
    let called = catch_unwind(AssertUnwindSafe(call));
    called.inspect_err(|panic| log::socket_panicked(method, &Fault::from_panic(&**panic))).ok()
}

/// Lets a socket clean up, for as long as it may take and whatever goes wrong.
pub(crate) async fn terminate(socket: &mut dyn RawSocket, reason: Reason, connection: &Connection) {
    // Made within, because a socket may panic before it gives its future.
    let work = AssertUnwindSafe(async { socket.terminate(reason, connection).await });
    match tokio::time::timeout(TERMINATE, work.catch_unwind()).await {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => log::socket_panicked("terminate", &Fault::from_panic(&*panic)),
        Err(_) => log::terminate_abandoned(),
    }
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// It goes on.
    Continue,
    /// What came from the client is not a message that this socket takes.
    ///
    /// A transport that answers each message says so and goes on: long-poll answers the request with
    /// status 400. One that cannot, as a WebSocket, closes the connection with this code; so does
    /// every transport if there is no message to blame.
    Malformed(CloseCode),
    /// What the message asks for is not done, and the client is told so where the transport answers
    /// each message: long-poll answers the request with status 401. Others go on.
    Refused,
    /// It ends with this close code.
    Stop(CloseCode),
}

/// What a method of [`RawSocket`] returns: a decision, or a future that makes it.
#[must_use]
pub struct Handled<'a>(pub(super) HandledKind<'a>);

pub(crate) enum HandledKind<'a> {
    Now(Flow),
    Later(Pin<Box<dyn Future<Output = Flow> + Send + 'a>>),
}

impl<'a> Handled<'a> {
    /// The decision takes time; until it is made, the connection handles nothing else.
    pub fn later(decision: impl Future<Output = Flow> + Send + 'a) -> Self {
        Self(HandledKind::Later(Box::pin(decision)))
    }

    /// Waits for the decision. Transports call this; it is cancel safe only where the socket's
    /// future is.
    pub async fn decide(self) -> Flow {
        match self.0 {
            HandledKind::Now(flow) => flow,
            HandledKind::Later(decision) => decision.await,
        }
    }
}

impl From<Flow> for Handled<'_> {
    fn from(flow: Flow) -> Self {
        Self(HandledKind::Now(flow))
    }
}

impl fmt::Debug for Handled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            HandledKind::Now(flow) => f.debug_tuple("Now").field(flow).finish(),
            HandledKind::Later(_) => f.write_str("Later"),
        }
    }
}
