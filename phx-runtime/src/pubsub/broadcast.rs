//! A message for all subscribers of a topic.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::{Bytes, BytesMut};

use super::room::Place;
use crate::{
    channel::{
        EncodeError, Encoded, Event, FromPayload, Payload, PayloadError, PayloadKind, Topic,
    },
    serializer::{Outgoing, Version},
    telemetry,
    transport::websocket::deflate,
};

/// A message that was broadcast on a topic; what a [`Subscription`](super::Subscription) yields and
/// what `#[handle_info]` gets for topics that its channel subscribed to. Cheap to clone.
///
/// Phoenix counterpart: `Phoenix.Socket.Broadcast`.
#[derive(Clone)]
pub struct Broadcast(Arc<Inner>);

struct Inner {
    topic: Topic,
    event: Event,
    kind: PayloadKind,
    /// A part of the frame for version 2.
    payload: Bytes,
    /// The subscriber that must not get the message from the pass.
    author: Option<Author>,
    /// The encoded frame in each form; none where it cannot be encoded.
    frames: [OnceLock<Option<Bytes>>; Form::ALL],
}

/// How frames look on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) version: Version,
    /// Whether permessage-deflate was agreed.
    pub(crate) compressed: bool,
}

impl Form {
    const ALL: usize = 2 * Version::ALL;

    const fn plain(version: Version) -> Self {
        Self { version, compressed: false }
    }

    const fn index(self) -> usize {
        2 * self.version.index() + self.compressed as usize
    }
}

/// A subscriber, told apart by the address of its place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Author(usize);

impl Author {
    fn of(place: &Place) -> Self {
        Self(std::ptr::from_ref(place).addr())
    }
}

impl Broadcast {
    /// Checks that the message can be sent to clients of version 2, and remembers its author.
    pub(crate) fn new(
        topic: Topic,
        event: &str,
        payload: &Encoded,
        author: Option<&Place>,
    ) -> Result<Self, EncodeError> {
        let Encoded { kind, bytes } = payload;
        let frame = Version::V2.frame(&Outgoing::broadcast(&topic, event, *kind, bytes))?;
        // The payload comes last, but for the bracket that closes a JSON array.
        let end = frame.len() - usize::from(*kind == PayloadKind::Json);
        let payload = frame.slice(end - bytes.len()..end);
        debug_assert_eq!(payload, **bytes);
        let mut frames = [const { OnceLock::new() }; Form::ALL];
        frames[Form::plain(Version::V2).index()] = Some(frame).into();
        let (event, author) = (event.into(), author.map(Author::of));
        Ok(Self(Arc::new(Inner { topic, event, kind: *kind, payload, author, frames })))
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        &self.0.topic
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.0.event
    }

    /// The payload.
    pub fn payload(&self) -> Payload {
        Payload::checked(self.0.kind, self.0.payload.clone())
    }

    /// The payload, decoded.
    ///
    /// # Errors
    ///
    /// The payload is not of that type.
    pub fn decode<T: FromPayload>(&self) -> Result<T, PayloadError> {
        self.payload().decode()
    }

    fn encode(&self, version: Version) -> Result<Bytes, EncodeError> {
        let Inner { topic, event, kind, payload, .. } = &*self.0;
        version.frame(&Outgoing::broadcast(topic, event, *kind, payload))
    }

    /// The frame that clients get, encoded and compressed once for all that take the same form.
    pub(crate) fn frame(&self, form: Form) -> Option<&Bytes> {
        let version = form.version;
        let frame = self.0.frames[form.index()].get_or_init(|| {
            if form.compressed {
                return self.frame(Form::plain(version)).map(deflate::compress);
            }
            match self.encode(version) {
                Ok(frame) => Some(frame),
                Err(error) => {
                    telemetry::unsendable_broadcast(&self.0.topic, &self.0.event, version, error);
                    None
                }
            }
        });
        frame.as_ref()
    }

    pub(crate) fn is_from(&self, place: &Place) -> bool {
        self.0.author == Some(Author::of(place))
    }
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("topic", &self.0.topic)
            .field("event", &self.0.event)
            .field("payload", &self.payload())
            .finish()
    }
}

/// The messages that one pass over a topic's subscribers hands out, oldest first.
pub(crate) struct Pass {
    messages: Vec<Broadcast>,
    /// The frames of all messages behind each other, in each form.
    frames: [OnceLock<Bytes>; Form::ALL],
}

impl Pass {
    pub(super) fn new(messages: Vec<Broadcast>) -> Self {
        Self { messages, frames: [const { OnceLock::new() }; Form::ALL] }
    }

    pub(crate) fn messages(&self) -> &[Broadcast] {
        &self.messages
    }

    /// All frames in one piece, copied together once for all subscribers.
    pub(crate) fn frames(&self, form: Form) -> &Bytes {
        self.frames[form.index()].get_or_init(|| {
            if let [only] = &*self.messages {
                return only.frame(form).cloned().unwrap_or_default();
            }
            let mut all = BytesMut::new();
            for frame in self.messages.iter().filter_map(|message| message.frame(form)) {
                all.extend_from_slice(frame);
            }
            all.freeze()
        })
    }

    pub(crate) fn has_author(&self, place: &Place) -> bool {
        self.messages.iter().any(|message| message.is_from(place))
    }
}
