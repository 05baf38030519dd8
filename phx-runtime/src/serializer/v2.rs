//! Version 2: JSON arrays `[join_ref, ref, topic, event, payload]`, and binary messages.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::{
    decode_error::{DecodeError, Problem},
    json::{Name, put_json_str, put_ref},
    message::Message,
    message_ref::MessageRef,
    outgoing::{Body, Outgoing},
};
use crate::{
    message::{EncodeError, Payload, PayloadKind},
    wire::{Text, put_binary_frame, put_text_frame},
};

/// Kinds of binary messages; a client sends pushes only.
const PUSH: u8 = 0;
const REPLY: u8 = 1;
const BROADCAST: u8 = 2;

struct Wire<'a> {
    join_ref: &'a RawValue,
    reference: &'a RawValue,
    topic: Cow<'a, str>,
    event: Cow<'a, str>,
    payload: &'a RawValue,
}

impl<'de: 'a, 'a> Deserialize<'de> for Wire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = Wire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array [join_ref, ref, topic, event, payload]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Wire<'de>, A::Error> {
                fn element<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
                    array: &mut A,
                    index: usize,
                ) -> Result<T, A::Error> {
                    array
                        .next_element()?
                        .ok_or_else(|| serde::de::Error::invalid_length(index, &Array))
                }
                let wire = Wire {
                    join_ref: element(&mut array, 0)?,
                    reference: element(&mut array, 1)?,
                    topic: element::<Name<'de>, _>(&mut array, 2)?.0,
                    event: element::<Name<'de>, _>(&mut array, 3)?.0,
                    payload: element(&mut array, 4)?,
                };
                while array.next_element::<IgnoredAny>()?.is_some() {}
                Ok(wire)
            }
        }

        deserializer.deserialize_seq(Array)
    }
}

pub(super) fn decode_text(text: Text) -> Result<Message, DecodeError> {
    let text = match decode_plain(text) {
        Ok(message) => return Ok(message),
        Err(text) => text,
    };
    let wire: Wire<'_> = serde_json::from_str(text.as_str())?;
    Ok(Message {
        join_ref: MessageRef::from_json(wire.join_ref.get()),
        reference: MessageRef::from_json(wire.reference.get()),
        topic: wire.topic.into(),
        event: wire.event.into(),
        payload: Payload::checked_json(text.as_bytes().slice_ref(wire.payload.get().as_bytes())),
    })
}

/// Reads a message in the form that clients write, which takes half the work of a parser that has to
/// expect anything, and finds the same. Another text is given back for that parser.
fn decode_plain(text: Text) -> Result<Message, Text> {
    let Some(plain) = Plain::read(text.as_str()) else { return Err(text) };
    let Plain { join_ref, reference, topic, event, payload } = plain;
    let (join_ref, reference) =
        (join_ref.map(MessageRef::from_plain), reference.map(MessageRef::from_plain));
    let (topic, event) = (unquoted(topic), unquoted(event));
    let before = text.len() - payload.len() - 1;
    let payload = Payload::json_within(text.into_bytes(), before, 1);
    Ok(Message { join_ref, reference, topic, event, payload })
}

/// The elements of a message that has five, of which refs and names are strings without escapes, or
/// `null`. Strings are there with their quotes.
struct Plain<'a> {
    join_ref: Option<&'a str>,
    reference: Option<&'a str>,
    topic: &'a str,
    event: &'a str,
    payload: &'a str,
}

impl<'a> Plain<'a> {
    fn read(json: &'a str) -> Option<Self> {
        let elements = json.strip_prefix('[')?.strip_suffix(']')?;
        let (join_ref, elements) = plain_ref(elements)?;
        let (reference, elements) = plain_ref(elements)?;
        let (topic, elements) = plain_string(elements)?;
        let (event, payload) = plain_string(elements)?;
        let parsed: &RawValue = serde_json::from_str(payload).ok()?;
        (parsed.get().len() == payload.len()).then_some(Self {
            join_ref,
            reference,
            topic,
            event,
            payload,
        })
    }
}

/// A ref, and the elements behind it.
fn plain_ref(elements: &str) -> Option<(Option<&str>, &str)> {
    if let Some(rest) = elements.strip_prefix("null") {
        return Some((None, behind_comma(rest)?));
    }
    plain_string(elements).map(|(string, rest)| (Some(string), rest))
}

/// A string without escapes, with its quotes, and the elements behind it.
fn plain_string(elements: &str) -> Option<(&str, &str)> {
    let is_end = |byte: u8| matches!(byte, b'"' | b'\\' | ..b' ');
    let length = elements.strip_prefix('"')?.bytes().position(is_end)?;
    let (string, rest) = elements.split_at_checked(length + 2)?;
    string.ends_with('"').then_some((string, behind_comma(rest)?))
}

/// Some clients put a space there.
fn behind_comma(elements: &str) -> Option<&str> {
    let rest = elements.strip_prefix(',')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn unquoted(string: &str) -> SmolStr {
    string[1..string.len() - 1].into()
}

/// `0, join_ref size, ref size, topic size, event size`, the four texts, then the data. An empty
/// `join_ref` is the empty string here, not `null`.
pub(super) fn decode_binary(bytes: &Bytes) -> Result<Message, DecodeError> {
    let (&[kind, sizes @ ..], mut at) = (bytes.first_chunk::<5>().ok_or_else(|| short(bytes))?, 5);
    if kind != PUSH {
        return Err(Problem::Kind(kind).into());
    }
    let mut name = |size: u8| {
        let end = at + usize::from(size);
        let text = bytes.get(at..end).ok_or(Problem::Truncated)?;
        at = end;
        std::str::from_utf8(text).map_err(|_| Problem::NotText)
    };
    let [join_ref, reference, topic, event] = sizes;
    Ok(Message {
        join_ref: Some(MessageRef::from_str(name(join_ref)?)),
        reference: Some(MessageRef::from_str(name(reference)?)),
        topic: name(topic)?.into(),
        event: name(event)?.into(),
        payload: Payload::binary(bytes.slice(at..)),
    })
}

/// The error for a frame that is too short for its header.
fn short(bytes: &[u8]) -> Problem {
    match bytes.first() {
        Some(&kind) if kind != PUSH => Problem::Kind(kind),
        _ => Problem::Truncated,
    }
}

pub(super) fn encode(message: &Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
    match message.payload_kind {
        PayloadKind::Json => {
            encode_text(message, buffer);
            Ok(())
        }
        PayloadKind::Binary => encode_binary(message, buffer),
    }
}

fn encode_text(message: &Outgoing<'_>, buffer: &mut Vec<u8>) {
    put_text_frame(buffer, |json| {
        json.push(b'[');
        put_ref(message.join_ref, json);
        json.push(b',');
        put_ref(message.reference, json);
        json.push(b',');
        put_json_str(message.topic, json);
        json.push(b',');
        match message.status() {
            None => {
                put_json_str(message.event(), json);
                json.push(b',');
                json.extend_from_slice(message.payload);
            }
            Some(status) => {
                json.extend_from_slice(b"\"phx_reply\",{\"status\":");
                put_json_str(status, json);
                json.extend_from_slice(b",\"response\":");
                json.extend_from_slice(message.payload);
                json.push(b'}');
            }
        }
        json.push(b']');
    });
}

fn encode_binary(message: &Outgoing<'_>, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
    let bare =
        |reference: Option<&MessageRef>| reference.map_or_else(SmolStr::default, MessageRef::bare);
    let join_ref = bare(message.join_ref);
    let reference = bare(message.reference);
    let topic = ("topic", message.topic);
    let (kind, names): (u8, &[(&'static str, &str)]) = match message.body {
        Body::Push { event } => (PUSH, &[("join_ref", &join_ref), topic, ("event", event)]),
        Body::Reply { status } => {
            (REPLY, &[("join_ref", &join_ref), ("ref", &reference), topic, ("status", status)])
        }
        Body::Broadcast { event } => (BROADCAST, &[topic, ("event", event)]),
        // Their payload is JSON.
        Body::Heartbeat | Body::End { .. } => {
            (PUSH, &[("join_ref", &join_ref), topic, ("event", message.event())])
        }
    };
    let mut head = Vec::with_capacity(1 + names.len() * 16);
    head.push(kind);
    for (field, text) in names {
        let length = text.len();
        head.push(u8::try_from(length).map_err(|_| EncodeError::TooLong { field, length })?);
    }
    for (_, text) in names {
        head.extend_from_slice(text.as_bytes());
    }
    put_binary_frame(buffer, &[&head, message.payload]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MessageRef, Outgoing};
    use super::{Wire, decode_binary, decode_plain, decode_text, encode};
    use crate::{message::Payload, wire::Text};

    fn text(text: &str) -> Text {
        text.into()
    }

    #[test]
    fn elements_after_the_fifth_are_ignored_and_fewer_are_refused() {
        let message = decode_text(text(r#"["1","2","t","e",{"a":1},3,[4]]"#)).unwrap();
        assert_eq!((&*message.topic, &*message.event), ("t", "e"));
        assert_eq!(message.payload.as_json(), Some(r#"{"a":1}"#));
        for wrong in ["", "[]", r#"["1","2","t","e"]"#, "{}", r#"["1","2",3,"e",{}]"#, "[1]x"] {
            assert!(decode_text(text(wrong)).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_message_is_what_the_parser_finds_in_it(
            elements in prop::collection::vec(
                prop_oneof![
                    Just(String::from("null")),
                    "\"[a-z0-9:é\u{1}\\\\\"]{0,6}\"",
                    "[ ]?[-0-9.e]{1,3}[ ]?",
                    "[ ]?[{\\[][\"a1:,]{0,4}[}\\]][ ]?",
                ],
                4..7,
            ),
            comma in "[ ]{0,2},[ ]{0,2}",
        ) {
            let json = format!("[{}]", elements.join(&comma));
            if let Ok(plain) = decode_plain(text(&json)) {
                let wire: Wire<'_> = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(plain.join_ref, MessageRef::from_json(wire.join_ref.get()));
                prop_assert_eq!(plain.reference, MessageRef::from_json(wire.reference.get()));
                prop_assert_eq!((&*plain.topic, &*plain.event), (&*wire.topic, &*wire.event));
                prop_assert_eq!(plain.payload.as_json(), Some(wire.payload.get()));
            }
        }
    }

    #[test]
    fn what_clients_send_is_plain_and_what_is_not_is_left_to_the_parser() {
        let is_plain = |json: &str| decode_plain(text(json)).is_ok();
        for plain in [
            r#"["1","2","room:1","new_msg",{"body":"hi \u00e9"}]"#,
            r#"[null,"2","phoenix","heartbeat",{}]"#,
            r#"["1", "2", "é", "e", [1, 2]]"#,
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in [
            "",
            "[]",
            "[\"",
            r#"["1","2","t","e"]"#,
            r#"["1","2","t","e",]"#,
            r#"["1","2","t","e",1,2]"#,
            r#"["1","2","t","e",1}"#,
            r#"["1","2","t\n","e",1]"#,
            "[\"1\",\"2\",\"t\n\",\"e\",1]",
            r#"[1,"2","t","e",1]"#,
            r#"["1","2",null,"e",1]"#,
            r#"["1","2","t"#,
        ] {
            assert!(!is_plain(other), "{other}");
        }
    }

    #[test]
    fn refs_of_any_type_are_kept_and_compared_as_they_came() {
        let of = |reference: &str| {
            decode_text(text(&format!("[null,{reference},\"t\",\"e\",null]"))).unwrap().reference
        };
        assert_ne!(of("1"), of("\"1\""));
        assert_ne!(of("1"), of("1.0"));
        assert_eq!(of(r#""\u0031""#), of("\"1\""));
        assert_eq!(of("null"), None);
    }

    #[test]
    fn deep_nesting_is_skipped_without_recursion() {
        let depth = 1_000_000;
        let nested = format!("[null,null,\"t\",\"e\",{}{}]", "[".repeat(depth), "]".repeat(depth));
        let message = decode_text(text(&nested)).unwrap();
        assert!(message.payload.decode::<serde_json::Value>().is_err());
    }

    #[test]
    fn binary_pushes_carry_names_with_one_byte_sizes() {
        let mut frame = vec![0, 2, 3, 5, 5];
        frame.extend_from_slice(b"12123topicevent\x01\x02");
        let message = decode_binary(&frame.clone().into()).unwrap();
        assert_eq!(message.join_ref, Some(MessageRef::from_str("12")));
        assert_eq!(message.reference, Some(MessageRef::from_str("123")));
        assert_eq!(message.payload.as_binary().unwrap().as_ref(), [1, 2]);
        for cut in 0..20 {
            assert!(decode_binary(&frame[..cut].to_vec().into()).is_err(), "{cut}");
        }
        frame[0] = 1;
        assert!(decode_binary(&frame.into()).is_err());
    }

    #[test]
    fn binary_messages_have_the_layout_of_their_kind() {
        let (join_ref, reference) = (MessageRef::from_str("12"), MessageRef::from_str("123"));
        let encoded = |message: Outgoing<'_>| {
            let mut frame = Vec::new();
            encode(&message, &mut frame).unwrap();
            frame.split_off(2)
        };
        let data = Payload::binary(vec![101]);
        let push = Outgoing::push("topic", "event", &data).with_join_ref(Some(&join_ref));
        assert_eq!(encoded(push), [b"\x00\x02\x05\x05", &b"12topicevente"[..]].concat());
        let reply = Outgoing::reply("topic", Some(&reference), "ok", &data);
        let reply = reply.with_join_ref(Some(&join_ref));
        assert_eq!(encoded(reply), [b"\x01\x02\x03\x05\x02", &b"12123topicoke"[..]].concat());
        let broadcast = Outgoing::broadcast("topic", "event", &data);
        assert_eq!(encoded(broadcast), [b"\x02\x05\x05", &b"topicevente"[..]].concat());
    }

    #[test]
    fn a_name_above_255_bytes_does_not_fit_into_a_binary_message() {
        let long = "x".repeat(256);
        let data = Payload::binary(vec![]);
        let message = Outgoing::broadcast(&long, "e", &data);
        let error = encode(&message, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("topic"), "{error}");
    }
}
