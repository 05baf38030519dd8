//! The name of a message.

use std::{fmt, ops::Deref};

use smol_str::SmolStr;

/// The event that a handler was called for; useful where one handler serves several.
///
/// ```
/// use phx_runtime::Event;
///
/// let event = Event::from("typing_start");
/// assert_eq!(event.strip_prefix("typing_"), Some("start"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Event(SmolStr);

impl Event {
    pub(crate) const fn named(name: SmolStr) -> Self {
        Self(name)
    }

    /// The event's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What can name an event: `&str`, `String`, [`Event`], and whatever else is a text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an event",
    label = "the event's name comes first, then the payload",
    note = "`socket.push(\"new_msg\", payload)`, `socket.broadcast(\"new_msg\", payload)`; an endpoint is told the topic \
            before, `endpoint.broadcast(topic, \"new_msg\", payload)`"
)]
pub trait EventName: AsRef<str> {}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> EventName for T {}

impl Deref for Event {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Event {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Event {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl PartialEq<str> for Event {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Event {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
