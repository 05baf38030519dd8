//! Version 1: JSON objects `{"topic":…,"event":…,"payload":…,"ref":…}`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Body, DecodeError, Incoming, MessageRef, Outgoing, put_json_str, put_ref};
use crate::{
    channel::{EncodeError, Payload, PayloadKind},
    transport::websocket::put_text_frame,
};

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    /// Must be there, and may be `null`.
    #[serde(borrow, rename = "ref", deserialize_with = "present")]
    reference: &'a RawValue,
    #[serde(borrow, default)]
    join_ref: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'de RawValue, D::Error> {
    Deserialize::deserialize(deserializer)
}

pub(super) fn decode(text: &Bytes) -> Result<Incoming, DecodeError> {
    let wire: Wire<'_> = serde_json::from_slice(text)?;
    Ok(Incoming {
        join_ref: wire.join_ref.and_then(|raw| MessageRef::from_json(raw.get())),
        reference: MessageRef::from_json(wire.reference.get()),
        topic: wire.topic.into(),
        event: wire.event.into(),
        payload: Payload::checked_json(text.slice_ref(wire.payload.get().as_bytes())),
    })
}

pub(super) fn encode(message: &Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
    if message.kind == PayloadKind::Binary {
        return Err(EncodeError::BinaryInV1);
    }
    put_text_frame(buffer, |json| {
        json.extend_from_slice(b"{\"topic\":");
        put_json_str(message.topic, json);
        json.extend_from_slice(b",\"event\":");
        match message.body {
            Body::Push { event } | Body::Broadcast { event } => {
                put_json_str(event, json);
                json.extend_from_slice(b",\"payload\":");
                json.extend_from_slice(message.payload);
            }
            Body::Reply { status } => {
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
    use super::{decode, encode};
    use crate::{
        channel::PayloadKind,
        serializer::{MessageRef, Outgoing},
    };

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
            b"1",
            b"",
        ] {
            assert!(decode(&missing.to_vec().into()).is_err());
        }
    }

    #[test]
    fn join_ref_is_never_sent() {
        let join_ref = MessageRef::from_str("1");
        let message = Outgoing::push(Some(&join_ref), "t", "e", PayloadKind::Json, b"{}");
        let mut frame = Vec::new();
        encode(&message, &mut frame).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&frame[2..]).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "topic": "t", "event": "e", "payload": {}, "ref": null })
        );
    }
}
