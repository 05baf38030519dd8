//! A message for all subscribers of a topic.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::place::Place;
use crate::{
    log,
    message::{EncodeError, Event, FromPayload, Payload, PayloadError, PayloadKind, Topic},
    serializer::{Outgoing, Version},
    wire::deflate,
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
    /// A part of the frame for version 2.
    payload: Payload,
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
    pub(super) const ALL: usize = 2 * Version::ALL;

    const fn plain(version: Version) -> Self {
        Self { version, compressed: false }
    }

    pub(super) const fn index(self) -> usize {
        2 * self.version.index() + self.compressed as usize
    }
}

/// A subscriber, told apart by the address of its place.
///
/// A message does not keep its author, so an address may be that of somebody else by the time when
/// the message is delivered. That is somebody who subscribed after it was published, who does not
/// get it for that reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Author(usize);

impl Author {
    pub(super) fn of(place: &Place) -> Self {
        Self(std::ptr::from_ref(place).addr())
    }
}

impl Broadcast {
    /// Checks that the message can be sent to clients of version 2, and remembers its author.
    pub(crate) fn new(
        topic: Topic,
        event: &str,
        payload: &Payload,
        author: Option<&Place>,
    ) -> Result<Self, EncodeError> {
        let Payload { kind, bytes } = payload;
        let frame = Version::V2.frame(&Outgoing::broadcast(&topic, event, *kind, bytes))?;
        // The payload comes last, but for the bracket that closes a JSON array.
        let end = frame.len() - usize::from(*kind == PayloadKind::Json);
        let part = Payload::checked(*kind, frame.slice(end - bytes.len()..end));
        debug_assert_eq!(&part, payload);
        let mut frames = [const { OnceLock::new() }; Form::ALL];
        frames[Form::plain(Version::V2).index()] = Some(frame).into();
        let (event, author) = (event.into(), author.map(Author::of));
        Ok(Self(Arc::new(Inner { topic, event, payload: part, author, frames })))
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
        self.0.payload.clone()
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
        let Inner { topic, event, payload, .. } = &*self.0;
        version.frame(&Outgoing::broadcast(topic, event, payload.kind, &payload.bytes))
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
                    log::unsendable_broadcast(&self.0.topic, &self.0.event, version, error);
                    None
                }
            }
        });
        frame.as_ref()
    }

    pub(super) fn author(&self) -> Option<Author> {
        self.0.author
    }

    /// The payload's length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.payload.len()
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
