//! The JSON objects of the older protocols.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::super::{
    decode_error::DecodeError,
    json::{Name, put_json_str, put_ref},
    message_ref::MessageRef,
};
use crate::wire::Text;

/// Which keys a message must have.
#[derive(Clone, Copy)]
pub(super) enum Fields {
    /// `channel`, `topic`, `event`, `message`.
    Pair,
    /// `topic`, `event`, `payload`.
    Topic,
    /// The same with `ref`, which may be missing, and `join_ref`.
    WithRef,
}

/// A message as it was read.
pub(super) struct Wire<'a> {
    pub(super) channel: Option<Cow<'a, str>>,
    pub(super) topic: Cow<'a, str>,
    pub(super) event: Cow<'a, str>,
    pub(super) payload: &'a RawValue,
    pub(super) reference: Option<&'a RawValue>,
    pub(super) join_ref: Option<&'a RawValue>,
}

impl<'a> Wire<'a> {
    pub(super) fn read(json: &'a Bytes, fields: Fields) -> Result<Self, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let wire = fields.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(wire)
    }
}

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Wire<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Wire<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Wire<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pair => "an object with channel, topic, event and message",
            Self::Topic | Self::WithRef => "an object with topic, event and payload",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire<'de>, A::Error> {
        let (mut channel, mut topic, mut event) = (None, None, None);
        let (mut payload, mut reference, mut join_ref) = (None, None, None);
        let payload_key = if matches!(self, Self::Pair) { "message" } else { "payload" };
        while let Some(Name(key)) = map.next_key::<Name<'de>>()? {
            match (&*key, self) {
                ("channel", Self::Pair) => channel = Some(map.next_value::<Name<'de>>()?.0),
                ("topic", _) => topic = Some(map.next_value::<Name<'de>>()?.0),
                ("event", _) => event = Some(map.next_value::<Name<'de>>()?.0),
                (key, _) if key == payload_key => payload = Some(map.next_value()?),
                ("ref", Self::WithRef) => reference = Some(map.next_value()?),
                ("join_ref", Self::WithRef) => join_ref = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if matches!(self, Self::Pair) && channel.is_none() {
            return Err(A::Error::missing_field("channel"));
        }
        Ok(Wire {
            channel,
            topic: topic.ok_or_else(|| A::Error::missing_field("topic"))?,
            event: event.ok_or_else(|| A::Error::missing_field("event"))?,
            payload: payload.ok_or_else(|| A::Error::missing_field(payload_key))?,
            reference,
            join_ref,
        })
    }
}

/// Whether there is a key `ref`, which may be `null`.
#[derive(Clone, Copy)]
pub(super) enum RefKey<'a> {
    Absent,
    Is(Option<&'a MessageRef>),
}

/// Writes an object, whose payload `put_payload` appends.
pub(super) fn put_object(
    (channel, topic): (Option<&str>, &str),
    event: &str,
    reference: RefKey<'_>,
    put_payload: impl FnOnce(&mut Vec<u8>),
) -> Text {
    let mut json = Vec::with_capacity(128);
    json.push(b'{');
    if let Some(channel) = channel {
        json.extend_from_slice(b"\"channel\":");
        put_json_str(channel, &mut json);
        json.push(b',');
    }
    json.extend_from_slice(b"\"topic\":");
    put_json_str(topic, &mut json);
    json.extend_from_slice(b",\"event\":");
    put_json_str(event, &mut json);
    let payload_key: &[u8] = if channel.is_some() { b",\"message\":" } else { b",\"payload\":" };
    json.extend_from_slice(payload_key);
    put_payload(&mut json);
    if let RefKey::Is(reference) = reference {
        json.extend_from_slice(b",\"ref\":");
        put_ref(reference, &mut json);
    }
    json.push(b'}');
    // All parts are text.
    Text::try_from(Bytes::from(json)).unwrap_or_default()
}

/// Appends the payload of an answer.
pub(super) fn put_answer(reference: RefKey<'_>, status: &str, response: &[u8], json: &mut Vec<u8>) {
    json.push(b'{');
    if let RefKey::Is(reference) = reference {
        json.extend_from_slice(b"\"ref\":");
        put_ref(reference, json);
        json.push(b',');
    }
    json.extend_from_slice(b"\"status\":");
    put_json_str(status, json);
    json.extend_from_slice(b",\"response\":");
    json.extend_from_slice(response);
    json.push(b'}');
}
