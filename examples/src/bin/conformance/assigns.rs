//! What connections hand on to their channels.

use phx_runtime::{
    Fault,
    channel::{FromJoin, JoinContext, Pattern},
    socket::SocketState,
};
use serde_json::{Map, Value};

/// The connection's values, copied at a join. Phoenix counterpart: `socket.assigns`.
///
/// Rooms are joined from sockets of several types, so they do not name one: they take this, and
/// are joinable from every socket that gives it.
pub(crate) struct Assigns(pub(crate) Map<String, Value>);

/// A socket that gives its channels [`Assigns`].
pub(crate) trait GivesAssigns: SocketState {
    /// The values for a channel that was declared under `pattern`.
    fn assigns(&self, pattern: Pattern) -> Assigns;
}

impl<S: GivesAssigns> FromJoin<'_, S> for Assigns {
    fn from_join(cx: &JoinContext<S>) -> Result<Self, Fault> {
        Ok(cx.user().assigns(cx.pattern()))
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Assigns {
    fn from(values: [(&str, Value); N]) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}
