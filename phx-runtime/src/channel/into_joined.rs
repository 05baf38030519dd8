//! What a `#[join]` returns.

use super::{
    callbacks::Channel,
    joined::{JoinError, Joined},
};

/// What `#[join]` can return for the channel `C`.
#[diagnostic::on_unimplemented(
    message = "`#[join]` cannot return `{Self}`",
    label = "expected `Result<{C}, JoinError>` or `Result<Joined<{C}>, JoinError>`",
    note = "instead of `JoinError` the error can be a `Fault`, or a type of your own with `#[derive(Serialize)]`, which \
            the client gets; the channel is the type annotated with `#[channel(..)]`"
)]
pub trait IntoJoined<C> {
    /// The accepted channel or the refusal.
    fn into_joined(self) -> Result<Joined<C>, JoinError>;
}

#[diagnostic::do_not_recommend]
impl<C: Channel, E: Into<JoinError>> IntoJoined<C> for Result<C, E> {
    fn into_joined(self) -> Result<Joined<C>, JoinError> {
        self.map(Joined::new).map_err(Into::into)
    }
}

#[diagnostic::do_not_recommend]
impl<C: Channel, E: Into<JoinError>> IntoJoined<C> for Result<Joined<C>, E> {
    fn into_joined(self) -> Result<Joined<C>, JoinError> {
        self.map_err(Into::into)
    }
}
