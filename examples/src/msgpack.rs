//! `MessagePack` in place of JSON, for clients that connect with `vsn` 3.0.x.
//!
//! A message is an array of five as in version 2: `join_ref`, `ref`, topic, event, payload. Bytes are
//! bytes there too, so there is no second layout for binary messages. `assets/reunion/msgpack.js`
//! is the other side, for the stock client.

use std::{fmt, io::Cursor};

use phx_runtime::{
    Payload,
    channel::{EncodeError, PayloadKind},
    serializer::{DecodeError, DecodeErrorKind, Message, MessageRef, Outgoing, Serializer},
    transport::Frame,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::Value;

/// How deep a client's message may be nested; handlers read JSON that is no deeper.
const DEPTH: usize = 128;

/// The serializer. It has no state.
#[derive(Clone, Copy, Debug)]
pub struct MsgPack;

impl Serializer for MsgPack {
    fn vsn(&self) -> &'static str {
        "~> 3.0.0"
    }

    fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        let Frame::Binary(bytes) = frame else {
            return Err(DecodeError::new(DecodeErrorKind::Unsupported, "text is no MessagePack"));
        };
        let mut reader = rmp_serde::Deserializer::new(Cursor::new(&**bytes));
        reader.set_max_depth(DEPTH);
        let Wire(join_ref, reference, topic, event, body) = Wire::deserialize(&mut reader)
            .map_err(|error| DecodeError::new(DecodeErrorKind::Syntax, error))?;
        if reader.position() != bytes.len() as u64 {
            return Err(DecodeError::new(DecodeErrorKind::Shape, "something follows the message"));
        }
        let payload = match body {
            Body::Value(value) => Payload::json(&value)?,
            Body::Bytes(bytes) => Payload::binary(bytes),
        };
        Ok(Message::new(topic, event, payload)
            .join_ref(MessageRef::from_value(&join_ref))
            .reference(MessageRef::from_value(&reference)))
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        let payload = match message.payload_kind() {
            PayloadKind::Json => Body::Value(serde_json::from_slice(message.payload())?),
            PayloadKind::Binary => Body::Bytes(message.payload().to_vec()),
            _ => return Err(EncodeError::Serializer("a payload of a kind of its own".to_owned())),
        };
        let of = |reference: Option<&MessageRef>| match reference {
            Some(reference) => serde_json::from_str(reference.as_json()),
            None => Ok(Value::Null),
        };
        let head = (of(message.join_ref())?, of(message.reference())?, message.topic());
        let (join_ref, reference, topic) = head;
        let written = match message.status() {
            None => rmp_serde::to_vec(&(join_ref, reference, topic, message.event(), payload)),
            Some(status) => {
                let answer = Answer { status, response: payload };
                rmp_serde::to_vec_named(&(join_ref, reference, topic, message.event(), answer))
            }
        };
        let bytes = written.map_err(|error| EncodeError::Serializer(error.to_string()))?;
        Ok(Some(Frame::binary(bytes)))
    }
}

#[derive(Deserialize)]
struct Wire(Value, Value, String, String, Body);

/// What a reply carries.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'a str,
    response: Body,
}

/// A payload: whatever JSON has too, or bytes.
enum Body {
    Value(Value),
    Bytes(Vec<u8>),
}

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a payload")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Body, E> {
                Ok(Body::Bytes(bytes.to_vec()))
            }

            fn visit_unit<E: Error>(self) -> Result<Body, E> {
                Ok(Body::Value(Value::Null))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Body, E> {
                Ok(Body::Value(value.into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Body, E> {
                Ok(Body::Value(value.into()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Body, E> {
                Ok(Body::Value(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Body, E> {
                Ok(Body::Value(value.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Body, E> {
                Ok(Body::Value(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Body, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(array)).map(Body::Value)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Body::Value)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use phx_runtime::{
        Payload, json,
        serializer::{DecodeErrorKind, MessageRef, Outgoing, Protocol},
        transport::Frame,
    };
    use serde_json::Value;

    use super::MsgPack;

    fn decode(bytes: &[u8]) -> Result<phx_runtime::serializer::Message, DecodeErrorKind> {
        let frame = Frame::binary(bytes.to_vec());
        Protocol::new(MsgPack).decode(&frame).map_err(|error| error.kind())
    }

    fn read(message: &Outgoing<'_>) -> Value {
        let frame = Protocol::new(MsgPack).encode(message).unwrap().unwrap();
        rmp_serde::from_slice(frame.as_bytes()).unwrap()
    }

    #[test]
    fn messages_of_clients_are_arrays_of_five() {
        let sent = json!(["1", 2, "room:a", "new_msg", { "body": "hi", "n": [1, -2, 0.5, null] }]);
        let message = decode(&rmp_serde::to_vec(&sent).unwrap()).unwrap();
        assert_eq!((message.topic(), message.event()), ("room:a", "new_msg"));
        let (join_ref, reference, payload) = message.into_parts();
        assert_eq!((join_ref, reference), (Some("1".into()), Some(2.into())));
        assert_eq!(payload.decode::<Value>().unwrap(), sent[4]);
    }

    #[test]
    fn bytes_travel_as_bytes() {
        // An array of nil, nil, "a", "b" and the bytes 7 and 8.
        let message = decode(b"\x95\xc0\xc0\xa1a\xa1b\xc4\x02\x07\x08").unwrap();
        assert_eq!(message.payload().as_binary().unwrap().as_ref(), [7, 8]);
        let bytes = Payload::binary(vec![7, 8]);
        let push = Outgoing::push("a", "b", &bytes);
        let frame = Protocol::new(MsgPack).encode(&push).unwrap().unwrap();
        assert_eq!(frame.as_bytes().as_ref(), b"\x95\xc0\xc0\xa1a\xa1b\xc4\x02\x07\x08");
    }

    #[test]
    fn replies_are_maps_of_status_and_response() {
        let (payload, reference) = (Payload::json(&json!([1])).unwrap(), MessageRef::from("7"));
        let reply = Outgoing::reply("a", Some(&reference), "ok", &payload);
        let answer = json!({ "status": "ok", "response": [1] });
        assert_eq!(read(&reply), json!([null, "7", "a", "phx_reply", answer]));
    }

    #[test]
    fn what_is_no_message_is_an_error_whatever_it_claims() {
        let text = Protocol::new(MsgPack).decode(&Frame::text("[]")).unwrap_err();
        assert_eq!(text.kind(), DecodeErrorKind::Unsupported);
        let deep = [b"\x95\xc0\xc0\xa1a\xa1b".to_vec(), vec![0x91; 100_000]].concat();
        // Arrays, maps, texts and bytes of four billion entries that never come.
        let huge = [b'\xdd', b'\xdf', b'\xdb', b'\xc6'].map(|kind| {
            [b"\x95\xc0\xc0\xa1a\xa1b".to_vec(), vec![kind, 255, 255, 255, 255]].concat()
        });
        let whole = rmp_serde::to_vec(&json!([null, null, "a", "b", 1])).unwrap();
        let mut wrong: Vec<Vec<u8>> =
            vec![deep, vec![], vec![0xc1], [&whole[..], &[0xc0]].concat()];
        wrong.extend(huge);
        wrong.extend((0..whole.len()).map(|cut| whole[..cut].to_vec()));
        // Keys that are no text, and what only MessagePack has.
        wrong.push(b"\x95\xc0\xc0\xa1a\xa1b\x81\x01\x02".to_vec());
        wrong.push(b"\x95\xc0\xc0\xa1a\xa1b\xd4\x01\x02".to_vec());
        for bytes in wrong {
            assert!(decode(&bytes).is_err(), "{:x?}", &bytes[..bytes.len().min(20)]);
        }
    }
}
