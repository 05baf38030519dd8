//! Version 1: JSON objects `{"topic":…,"event":…,"payload":…,"ref":…}`.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    decode_error::DecodeError,
    json::{Name, put_json_str, put_ref},
    message::Message,
    message_ref::MessageRef,
    outgoing::Outgoing,
};
use crate::{
    message::{EncodeError, Payload, PayloadKind},
    wire::put_text_frame,
};

struct Wire<'a> {
    topic: Cow<'a, str>,
    event: Cow<'a, str>,
    payload: &'a RawValue,
    /// Must be there, and may be `null`.
    reference: &'a RawValue,
    join_ref: Option<&'a RawValue>,
}

/// Keys that a message can have.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Topic,
    Event,
    Payload,
    Ref,
    JoinRef,
    #[serde(other)]
    Other,
}

// By hand, because a derived one takes arrays too and refuses keys that are there twice.
impl<'de: 'a, 'a> Deserialize<'de> for Wire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Wire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with topic, event, payload and ref")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wire<'de>, A::Error> {
                let (mut topic, mut event, mut payload) = (None, None, None);
                let (mut reference, mut join_ref) = (None, None);
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Topic => topic = Some(map.next_value::<Name<'de>>()?.0),
                        Field::Event => event = Some(map.next_value::<Name<'de>>()?.0),
                        Field::Payload => payload = Some(map.next_value()?),
                        Field::Ref => reference = Some(map.next_value()?),
                        Field::JoinRef => join_ref = Some(map.next_value()?),
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let missing = <A::Error as serde::de::Error>::missing_field;
                Ok(Wire {
                    topic: topic.ok_or_else(|| missing("topic"))?,
                    event: event.ok_or_else(|| missing("event"))?,
                    payload: payload.ok_or_else(|| missing("payload"))?,
                    reference: reference.ok_or_else(|| missing("ref"))?,
                    join_ref,
                })
            }
        }

        deserializer.deserialize_map(Object)
    }
}

pub(super) fn decode(text: &Bytes) -> Result<Message, DecodeError> {
    let wire: Wire<'_> = serde_json::from_slice(text)?;
    Ok(Message {
        join_ref: wire.join_ref.and_then(|raw| MessageRef::from_json(raw.get())),
        reference: MessageRef::from_json(wire.reference.get()),
        topic: wire.topic.into(),
        event: wire.event.into(),
        payload: Payload::checked_json(text.slice_ref(wire.payload.get().as_bytes())),
    })
}

pub(super) fn encode(message: &Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
    if message.payload_kind == PayloadKind::Binary {
        return Err(EncodeError::BinaryInV1);
    }
    put_text_frame(buffer, |json| {
        json.extend_from_slice(b"{\"topic\":");
        put_json_str(message.topic, json);
        json.extend_from_slice(b",\"event\":");
        match message.status() {
            None => {
                put_json_str(message.event(), json);
                json.extend_from_slice(b",\"payload\":");
                json.extend_from_slice(message.payload);
            }
            Some(status) => {
                json.extend_from_slice(b"\"phx_reply\",\"payload\":{\"status\":");
                put_json_str(status, json);
                json.extend_from_slice(b",\"response\":");
                json.extend_from_slice(message.payload);
                json.push(b'}');
            }
        }
        json.extend_from_slice(b",\"ref\":");
        put_ref(message.reference, json);
        json.push(b'}');
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{MessageRef, Outgoing};
    use super::{decode, encode};
    use crate::message::PayloadKind;

    #[test]
    fn all_four_keys_must_be_there_and_join_ref_may_be() {
        let text = br#"{"topic":"t","event":"e","payload":1,"ref":null,"join_ref":"7","x":0}"#;
        let message = decode(&text.to_vec().into()).unwrap();
        assert_eq!(message.join_ref, Some(MessageRef::from_str("7")));
        assert_eq!(message.reference, None);
        for missing in [
            &br#"{"event":"e","payload":1,"ref":null}"#[..],
            br#"{"topic":"t","payload":1,"ref":null}"#,
            br#"{"topic":"t","event":"e","ref":null}"#,
            br#"{"topic":"t","event":"e","payload":1}"#,
            b"[]",
            br#"["t","e",1,null]"#,
            b"1",
            b"",
        ] {
            assert!(decode(&missing.to_vec().into()).is_err());
        }
    }

    #[test]
    fn of_keys_that_are_there_twice_the_last_counts() {
        let text = br#"{"topic":"t","event":"e","topic":"u","payload":1,"ref":"1","payload":2}"#;
        let message = decode(&text.to_vec().into()).unwrap();
        assert_eq!((&*message.topic, message.payload.as_json()), ("u", Some("2")));
    }

    #[test]
    fn join_ref_is_never_sent() {
        let join_ref = MessageRef::from_str("1");
        let message = Outgoing::pushed(Some(&join_ref), "t", "e", PayloadKind::Json, b"{}");
        let mut frame = Vec::new();
        encode(&message, &mut frame).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&frame[2..]).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "topic": "t", "event": "e", "payload": {}, "ref": null })
        );
    }
}
