//! What the handlers of a socket without channels are called with besides what arrives.

use std::any::Any;

use crate::{
    connection::Connection,
    endpoint::{Endpoint, Requirements, State},
    log,
    message::{Fault, Info},
    transport::{Flow, Handled},
    wire::{CloseCode, Frame},
};

/// The connection and the endpoint that serves it.
#[derive(Clone, Copy, Debug)]
pub struct RawContext<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) connection: &'a Connection,
}

impl<'a> RawContext<'a> {
    /// The connection, to send, to notify and to close.
    #[must_use]
    pub fn connection(self) -> &'a Connection {
        self.connection
    }

    /// The endpoint that serves the connection.
    #[must_use]
    pub fn endpoint(self) -> &'a Endpoint {
        self.endpoint
    }

    /// A message of the client that no handler takes: a WebSocket is closed with code 1003, and a request of a
    /// long-polling client is answered with status 400.
    pub fn unhandled_frame(self, _: &Frame) -> Handled<'a> {
        Flow::Malformed(CloseCode::UNSUPPORTED).into()
    }

    /// A message of the application that no handler takes: it is dropped with a line in the log, and counted.
    pub fn unhandled_info<S>(self, message: &Info) -> Handled<'a> {
        log::unheard_by_socket(message.type_name(), log::short_name::<S>());
        Flow::Continue.into()
    }
}

/// Types that the handlers of a socket without channels can take as context. Implement it to give them
/// arguments of your own.
///
/// ```
/// use phx_runtime::{Fault, socket::{FromRaw, RawContext}};
///
/// /// How many connections this node has.
/// struct Here(usize);
///
/// impl FromRaw<'_> for Here {
///     fn from_raw(cx: RawContext<'_>) -> Result<Self, Fault> {
///         Ok(Self(cx.endpoint().connections()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a handler of a socket can receive",
    label = "not a handler argument",
    note = "one argument is what arrived; the others are context: `&Connection`, `&Endpoint` or `State<T>`"
)]
pub trait FromRaw<'a>: Sized {
    /// Finds the argument. A fault is logged and closes the connection with code 1011.
    ///
    /// # Errors
    ///
    /// It is not there.
    fn from_raw(cx: RawContext<'a>) -> Result<Self, Fault>;

    /// Registers the application state that the argument needs, checked when the endpoint is built.
    fn requires(_requirements: &mut Requirements) {}
}

#[diagnostic::do_not_recommend]
impl<'a> FromRaw<'a> for &'a Connection {
    fn from_raw(cx: RawContext<'a>) -> Result<Self, Fault> {
        Ok(cx.connection)
    }
}

#[diagnostic::do_not_recommend]
impl<'a> FromRaw<'a> for &'a Endpoint {
    fn from_raw(cx: RawContext<'a>) -> Result<Self, Fault> {
        Ok(cx.endpoint)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Any + Clone + Send + Sync> FromRaw<'_> for State<T> {
    fn from_raw(cx: RawContext<'_>) -> Result<Self, Fault> {
        cx.endpoint.state()
    }

    fn requires(requirements: &mut Requirements) {
        requirements.state::<T>();
    }
}
