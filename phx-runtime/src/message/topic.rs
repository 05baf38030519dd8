//! The name that a channel was joined under.

use std::{borrow::Cow, fmt, ops::Deref, sync::Arc};

/// The topic of a channel, such as `room:lobby`; cheap to clone.
///
/// ```
/// use phx_runtime::Topic;
///
/// let topic = Topic::from("room:lobby");
/// assert_eq!(topic.rest(), "lobby");
/// assert!(topic.starts_with("room:"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<str>);

impl Topic {
    /// The whole topic.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the first `:`, or the whole topic if it has none.
    ///
    /// This is the part that Phoenix code takes with `"room:" <> rest`.
    pub fn rest(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(_, rest)| rest)
    }
}

/// What can say which topic: a [`Topic`], a reference to one, and any text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no topic",
    label = "expected a topic",
    note = "`RoomChannel::topic(7)` makes the topic of a channel; any text is one too: `\"room:7\"`, `format!(\"room:{{id}}\")`"
)]
pub trait TopicName: Into<Topic> {}

#[diagnostic::do_not_recommend]
impl<T: Into<Topic>> TopicName for T {}

/// What the generated `topic(..)` of a channel takes for a topic parameter of type `T`: the value
/// itself, a reference to it, or any text where `T` is `String`.
///
/// `#[channel("room:{room_id}")]` generates `RoomChannel::topic(room_id)`, with which a topic cannot
/// be misspelt.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a topic parameter of type `{T}`",
    label = "expected `{T}` or a reference to it",
    note = "the parameter is written with `Display`, and read back with `FromStr`"
)]
pub trait TopicPart<T>: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<T, V: Spells<T>> TopicPart<T> for V {}

/// What spells a value of type `T`; apart from [`TopicPart`], so that the compiler does not propose another `T`.
#[doc(hidden)]
pub trait Spells<T>: fmt::Display {}

impl<T: fmt::Display> Spells<T> for T {}

impl<T: fmt::Display> Spells<T> for &T {}

impl Spells<String> for &str {}

impl Deref for Topic {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Topic {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Topic {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Topic {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<Cow<'_, str>> for Topic {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

impl From<Arc<str>> for Topic {
    fn from(text: Arc<str>) -> Self {
        Self(text)
    }
}

impl From<&Topic> for Topic {
    fn from(topic: &Topic) -> Self {
        topic.clone()
    }
}

impl PartialEq<str> for Topic {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Topic {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
