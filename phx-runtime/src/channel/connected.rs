//! The result of connecting.

use std::borrow::Cow;

use crate::{connect::ConnectError, message::Topic};

/// What `#[connect]` can return for the socket `S`.
#[diagnostic::on_unimplemented(
    message = "`#[connect]` cannot return `{Self}`",
    label = "expected `Result<{S}, ConnectError>`",
    note = "instead of `ConnectError` the error can be a `Fault`, or a type of your own with `#[derive(Serialize)]`, which \
            the client gets; the state is the type annotated with `#[socket(..)]`"
)]
pub trait IntoConnected<S> {
    /// The connection's state or the refusal.
    fn into_connected(self) -> Result<S, ConnectError>;
}

#[diagnostic::do_not_recommend]
impl<S, E: Into<ConnectError>> IntoConnected<S> for Result<S, E> {
    fn into_connected(self) -> Result<S, ConnectError> {
        self.map_err(Into::into)
    }
}

/// What `#[id]` can return.
#[diagnostic::on_unimplemented(
    message = "`#[id]` cannot return `{Self}`",
    label = "not the name of a connection's owner",
    note = "return `String`, or `Option<String>` if some connections have no owner"
)]
pub trait IntoSocketId {
    /// The id, if there is one.
    fn into_socket_id(self) -> Option<String>;
}

impl IntoSocketId for String {
    fn into_socket_id(self) -> Option<String> {
        Some(self)
    }
}

impl IntoSocketId for &str {
    fn into_socket_id(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoSocketId for Cow<'_, str> {
    fn into_socket_id(self) -> Option<String> {
        Some(self.into_owned())
    }
}

impl IntoSocketId for Topic {
    fn into_socket_id(self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl<T: IntoSocketId> IntoSocketId for Option<T> {
    fn into_socket_id(self) -> Option<String> {
        self.and_then(T::into_socket_id)
    }
}
