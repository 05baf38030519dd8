//! The socket: who a connection belongs to, and the session that serves its channels.

use super::{
    context::{ConnectContext, FromJoin, JoinContext},
    route::Route,
};
use crate::{
    connect::{ConnectError, Mount},
    endpoint::Requirements,
    message::Fault,
    raw::Raw,
};

/// The state of one connection; what `#[socket(..)]` implements.
///
/// ```
/// use phx_runtime::{
///     ConnectError, channel::Route,
///     options::{Mount, WebSocketOptions},
///     socket::{ConnectContext, SocketState},
/// };
///
/// struct Guest;
///
/// impl SocketState for Guest {
///     fn mount() -> Mount {
///         Mount::new("/socket").websocket(WebSocketOptions::new())
///     }
///
///     async fn connect(_: ConnectContext) -> Result<Self, ConnectError> {
///         Ok(Guest)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket",
    label = "no `#[socket(\"…\")]` here",
    note = "annotate `impl {Self} {{ … }}`, or the module around it, with `#[socket(\"/socket\", websocket)]`"
)]
pub trait SocketState: Sized + Send + Sync + 'static {
    /// Where the socket answers, over which transports, and what is set for them. Asked for once, when
    /// the endpoint is built.
    ///
    /// Phoenix counterpart: `socket "/socket", UserSocket, …` in the endpoint.
    fn mount() -> Mount;

    /// Decides whether a client may connect, and makes the state of its connection.
    ///
    /// # Errors
    ///
    /// The client is refused, with status 403 unless the error says otherwise. A panic is a fault, which
    /// it is answered with status 500 for.
    ///
    /// Phoenix counterpart: `connect/3`.
    fn connect(cx: ConnectContext) -> impl Future<Output = Result<Self, ConnectError>> + Send;

    /// The topic that names this connection's owner, for
    /// [`Endpoint::disconnect`](crate::Endpoint::disconnect); none by default. Asked for once, after
    /// `connect`.
    ///
    /// Phoenix counterpart: `id/1`.
    fn id(&self) -> Option<String> {
        None
    }

    /// The routing table, in matching order; [`RoutingTable`](crate::channel::RoutingTable) checks it
    /// while it is compiled.
    fn channels() -> Vec<Route<Self>> {
        Vec::new()
    }

    /// Whether the socket handles its clients' messages itself, by its
    /// [`RawHandlers`](crate::socket::RawHandlers); by default its channels do.
    fn raw() -> Option<Raw<Self>> {
        None
    }

    /// Registers the application state that connecting needs, so that an endpoint without it is not
    /// built.
    fn requires(_requirements: &mut Requirements) {}
}

/// Whatever is a socket; apart from [`SocketState`], so that the compiler does not list all that are where something
/// is none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket",
    label = "no `#[socket(\"…\")]` here",
    note = "annotate `impl {Self} {{ … }}`, or the module around it, with `#[socket(\"/socket\", websocket)]`"
)]
pub trait IsSocket: SocketState {}

#[diagnostic::do_not_recommend]
impl<S: SocketState> IsSocket for S {}

#[diagnostic::do_not_recommend]
impl<'a, S: SocketState> FromJoin<'a, S> for &'a S {
    fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault> {
        Ok(cx.user())
    }
}
