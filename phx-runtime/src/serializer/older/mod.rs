//! The protocol as it was before its version 2, for clients in the field that are that old.
//!
//! | since | join, leave | answers | heartbeats | the end of a channel |
//! |---|---|---|---|---|
//! | 0.5 | `join`, `leave`, topics in two parts | none | come back | – |
//! | 0.8 | `join`, `leave` | none | come back | – |
//! | 0.11 | `phx_join`, `phx_leave` | `phx_reply`, the ref in its payload | come back | without ref |
//! | 0.15 | | `phx_reply`, the ref beside it: this is version 1 | `phx_reply` | |
//! | 1.2 | | | | with the join's ref |
//!
//! All differences are in how messages are written: what an old client does not know is left out. The
//! session behind is the same for all.

mod names;
mod wire;

pub(crate) use self::names::Names;

use self::wire::{Fields, RefKey, Wire, put_object};
use super::{
    Outgoing, Serializer,
    decode_error::{DecodeError, Problem},
    message::{HEARTBEAT, JOIN, LEAVE, Message, PROTOCOL},
    message_ref::MessageRef,
    outgoing::{ChannelEnd, OutgoingKind},
};
use crate::{
    message::{EncodeError, Payload, PayloadKind},
    wire::{Frame, Text},
};

/// The topic beside the channel `phoenix` in heartbeats.
const CONNECTION: &str = "conn";

/// One of the older protocols.
#[derive(Debug)]
pub(super) struct Older {
    shape: Shape,
    names: Names,
}

/// The versions after which messages looked differently, by the last that had this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    V0_7,
    V0_10,
    V0_14,
    V1_3,
}

impl Older {
    pub(super) fn plain(shape: Shape) -> Self {
        Self { shape, names: Names::default() }
    }

    pub(super) fn new(shape: Shape, names: Names) -> Self {
        Self { shape, names }
    }

    /// Whether joins and leaves have names of their own, and nothing is answered.
    fn is_silent(&self) -> bool {
        matches!(self.shape, Shape::V0_7 | Shape::V0_10)
    }

    fn topic(&self, wire: &Wire<'_>) -> Result<String, DecodeError> {
        match &wire.channel {
            None => Ok(wire.topic.to_string()),
            Some(channel)
                if channel == PROTOCOL && wire.topic == CONNECTION && wire.event == HEARTBEAT =>
            {
                Ok(PROTOCOL.to_owned())
            }
            Some(channel) => self.names.topic(channel, &wire.topic),
        }
    }

    /// Where a message goes, in the words of the protocol's version.
    fn address<'a>(&'a self, topic: &'a str, kind: OutgoingKind) -> (Option<&'a str>, &'a str) {
        match (self.shape, kind) {
            (Shape::V0_7, OutgoingKind::Heartbeat) => (Some(PROTOCOL), CONNECTION),
            (Shape::V0_7, _) => {
                let (channel, topic) = self.names.pair(topic);
                (Some(channel), topic)
            }
            _ => (None, topic),
        }
    }

    /// The event and the ref that a message has, or none if it is not sent.
    fn event<'a>(&self, message: &Outgoing<'a>) -> Option<(&'a str, Option<&'a MessageRef>)> {
        let is_silent = self.is_silent();
        match message.kind() {
            OutgoingKind::Heartbeat if self.shape != Shape::V1_3 => {
                Some((HEARTBEAT, message.reference()))
            }
            OutgoingKind::Reply | OutgoingKind::End(_) if is_silent => None,
            OutgoingKind::Reply if self.shape == Shape::V0_14 => Some((message.event(), None)),
            OutgoingKind::End(end) if self.shape == Shape::V0_14 => {
                // Without a ref it would be taken for the end of the channel that was joined anew.
                (end != ChannelEnd::Replaced).then_some((message.event(), None))
            }
            OutgoingKind::End(_) => Some((message.event(), message.joined_with())),
            _ => Some((message.event(), message.reference())),
        }
    }
}

impl Serializer for Older {
    fn vsn(&self) -> &'static str {
        "~> 1.0.0"
    }

    fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        let bytes = frame.as_bytes();
        // What nobody asks for is skipped by the parser, even if it is not text.
        if matches!(frame, Frame::Binary(_)) && Text::try_from(bytes.clone()).is_err() {
            return Err(Problem::NotJson.into());
        }
        let fields = match self.shape {
            Shape::V0_7 => Fields::Pair,
            Shape::V0_10 => Fields::Topic,
            Shape::V0_14 | Shape::V1_3 => Fields::WithRef,
        };
        let wire = Wire::read(bytes, fields).map_err(|error| match frame {
            Frame::Text(_) => error,
            Frame::Binary(_) => Problem::NotJson.into(),
        })?;
        let event = match &*wire.event {
            "join" if self.is_silent() => JOIN,
            "leave" if self.is_silent() => LEAVE,
            event => event,
        };
        let payload = Payload::checked_json(bytes.slice_ref(wire.payload.get().as_bytes()));
        let of_json = |raw: Option<&serde_json::value::RawValue>| {
            raw.and_then(|raw| MessageRef::from_json(raw.get()))
        };
        Ok(Message::new(self.topic(&wire)?, event, payload)
            .reference(of_json(wire.reference))
            .join_ref(of_json(wire.join_ref)))
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        let Some((event, reference)) = self.event(message) else { return Ok(None) };
        if message.payload_kind() == PayloadKind::Binary {
            return Err(EncodeError::BinaryInV1);
        }
        let address = self.address(message.topic(), message.kind());
        let key = if self.is_silent() { RefKey::Absent } else { RefKey::Is(reference) };
        let json = put_object(address, event, key, |json| {
            let nested = match message.kind() {
                OutgoingKind::End(_) => return json.extend_from_slice(b"{}"),
                OutgoingKind::Heartbeat if self.shape != Shape::V1_3 => None,
                _ => message.status(),
            };
            let Some(status) = nested else {
                return json.extend_from_slice(message.payload());
            };
            let key = match self.shape {
                Shape::V0_14 => RefKey::Is(message.reference()),
                _ => RefKey::Absent,
            };
            wire::put_answer(key, status, message.payload(), json);
        });
        Ok(Some(json.into()))
    }
}

#[cfg(test)]
mod tests;
