//! A message for all subscribers of a topic.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::{by_serializer::BySerializer, place::Place};
use crate::{
    log,
    message::{EncodeError, Event, FromPayload, Payload, PayloadError, PayloadKind, Topic},
    serializer::{Codec, Outgoing, Version},
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
    /// The encoded frame in each form of the built-in versions; none where it cannot be encoded.
    frames: [OnceLock<Option<Bytes>>; BuiltIn::ALL],
    /// The same for other serializers, which clients of this message may have.
    plugged: BySerializer<Option<Bytes>>,
}

/// How frames look on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    pub(crate) codec: &'a Codec,
    /// Whether permessage-deflate was agreed.
    pub(crate) compressed: bool,
}

/// A form of a built-in version, as a number: what clients in it get is found without a search.
#[derive(Clone, Copy)]
pub(super) struct BuiltIn(usize);

impl BuiltIn {
    pub(super) const ALL: usize = 2 * Version::ALL;

    pub(super) const fn new(version: Version, compressed: bool) -> Self {
        Self(2 * version.index() + compressed as usize)
    }

    pub(super) const fn index(self) -> usize {
        self.0
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
        let frame = Version::V2.frame(&Outgoing::broadcast(&topic, event, payload))?;
        // The payload comes last, but for the bracket that closes a JSON array.
        let end = frame.len() - usize::from(*kind == PayloadKind::Json);
        let part = Payload::checked(*kind, frame.slice(end - bytes.len()..end));
        debug_assert_eq!(&part, payload);
        Ok(Self::of_parts(topic, event, part, author.map(Author::of), frame))
    }

    /// A message without an author here, whose frame for version 2 is there already.
    pub(super) fn of_frame(topic: Topic, event: &str, payload: Payload, frame: Bytes) -> Self {
        Self::of_parts(topic, event, payload, None, frame)
    }

    fn of_parts(
        topic: Topic,
        event: &str,
        payload: Payload,
        author: Option<Author>,
        frame: Bytes,
    ) -> Self {
        let mut frames = [const { OnceLock::new() }; BuiltIn::ALL];
        frames[BuiltIn::new(Version::V2, false).index()] = Some(frame).into();
        let (event, plugged) = (event.into(), BySerializer::new());
        Self(Arc::new(Inner { topic, event, payload, author, frames, plugged }))
    }

    /// The frame that every message has from the start.
    pub(super) fn frame_of_v2(&self) -> &Bytes {
        static NONE: Bytes = Bytes::new();
        self.frame(Form { codec: &Codec::Version(Version::V2), compressed: false }).unwrap_or(&NONE)
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

    /// The frame that clients get, encoded and compressed once for all that take the same form. None
    /// if their protocol has no such messages, or none that could carry this one.
    pub(crate) fn frame(&self, form: Form<'_>) -> Option<&Bytes> {
        let Form { codec, compressed } = form;
        let place = match codec {
            Codec::Version(version) => &self.0.frames[BuiltIn::new(*version, compressed).index()],
            Codec::Plugged(serializer) => self.0.plugged.place(serializer, compressed),
        };
        let frame = place.get_or_init(|| {
            if compressed {
                let plain = Form { codec, compressed: false };
                return self.frame(plain).map(deflate::compress);
            }
            self.encode(codec)
        });
        frame.as_ref()
    }

    fn encode(&self, codec: &Codec) -> Option<Bytes> {
        let Inner { topic, event, payload, .. } = &*self.0;
        match codec.frame(&Outgoing::broadcast(topic, event, payload)) {
            Ok(frame) => frame,
            Err(error) => {
                log::unsendable_broadcast(topic, event, codec, error);
                None
            }
        }
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
