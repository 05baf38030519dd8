//! What is sent to the channels of one connection by whoever has the connection.

use std::{any::Any, fmt};

use crate::message::{Info, Topic};

/// A message for channels of one connection. Sent to it with
/// [`Connection::notify`](crate::transport::Connection::notify), it arrives in the `#[handle_info]` of
/// each channel that is joined by then.
///
/// ```
/// use phx_runtime::{channel::ToChannels, transport::Connection};
///
/// #[derive(Clone)]
/// struct NetworkChanged;
///
/// fn tell(connection: &Connection) {
///     connection.notify(ToChannels::all(NetworkChanged));
///     connection.notify(ToChannels::one("room:lobby", "only for the lobby"));
/// }
/// # tell(&Connection::new(1));
/// ```
///
/// Phoenix counterpart: what reaches a transport's process, and from there every channel, up to 0.10
/// (`Phoenix.Channel.Transport.dispatch_info`).
pub struct ToChannels {
    topic: Option<Topic>,
    next: Box<dyn FnMut() -> Option<Info> + Send>,
}

impl ToChannels {
    /// For all of them, a copy for each.
    pub fn all(message: impl Any + Clone + Send) -> Self {
        Self { topic: None, next: Box::new(move || Some(Info::new(message.clone()))) }
    }

    /// For the channel of one topic, if it is joined.
    pub fn one(topic: impl Into<Topic>, message: impl Any + Send) -> Self {
        let mut message = Some(message);
        let next = move || message.take().map(Info::new);
        Self { topic: Some(topic.into()), next: Box::new(next) }
    }

    pub(crate) fn is_for(&self, topic: &Topic) -> bool {
        self.topic.as_ref().is_none_or(|one| one == topic)
    }

    pub(crate) fn next(&mut self) -> Option<Info> {
        (self.next)()
    }
}

impl fmt::Debug for ToChannels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToChannels").field("topic", &self.topic).finish_non_exhaustive()
    }
}
