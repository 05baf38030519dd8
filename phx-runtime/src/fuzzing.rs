//! What holds for any bytes that a client may send, as functions that panic where it does not.
//!
//! The targets in `fuzz/` call them with what the fuzzer makes up, the unit tests below with what
//! proptest does, so that they are compiled and tried with every change.

use std::{collections::HashMap, fmt::Write, iter, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    Params,
    message::Payload,
    options::SessionOptions,
    serializer::{ChannelEnd, Message, MessageRef, Outgoing, Protocol, Version},
    session_cookie::Session,
    token::{Token, TokenError},
    wire::{
        Decoder, Frame, Incoming, OpCode, Text,
        deflate::{compress, inflate},
        encoder, server_frames,
    },
};

/// Frames: however a stream is cut into reads, the same comes out, and no more is held than
/// arrived.
pub fn frames(stream: &[u8], pieces: &[usize], limit: usize, compressed: bool) {
    let decoder = || {
        let decoder = Decoder::new(limit);
        if compressed { decoder.with_inflate(inflate) } else { decoder }
    };
    let whole = decode(decoder(), stream, &[usize::MAX], limit);
    assert_eq!(whole, decode(decoder(), stream, pieces, limit), "cut into {pieces:?}");
    assert_eq!(whole, decode(decoder(), stream, &[1], limit), "cut into single bytes");
}

/// What a stream says, as text, because errors of different reads are compared too.
fn decode(mut decoder: Decoder, mut stream: &[u8], pieces: &[usize], limit: usize) -> Vec<String> {
    let mut results = Vec::new();
    let mut fed = 0;
    let mut ended = false;
    for piece in pieces.iter().cycle() {
        let (piece, rest) = stream.split_at((*piece).max(1).min(stream.len()));
        decoder.feed(piece);
        fed += piece.len();
        for result in iter::from_fn(|| decoder.decode().transpose()) {
            assert!(!ended, "{result:?} after the end");
            match &result {
                Ok(Incoming::Message(frame)) => assert!(frame.len() <= limit),
                Ok(Incoming::Ping(payload) | Incoming::Pong(payload)) => {
                    assert!(payload.len() <= 125);
                }
                Ok(Incoming::Close(_)) | Err(_) => ended = true,
            }
            results.push(format!("{result:?}"));
        }
        let held = decoder.buffered_bytes();
        assert!(held <= 2 * fed + 16, "{held} bytes held after {fed}");
        assert!(held == 0 || !ended, "{held} bytes held after the end");
        stream = rest;
        if stream.is_empty() {
            break;
        }
    }
    results
}

/// permessage-deflate: what was compressed comes back; what was not damages nothing, stays below
/// the limit, and does not depend on other messages.
pub fn deflate(bytes: &[u8], limit: usize) {
    let frame = compress(&encoder::encode(OpCode::Binary, bytes));
    let frames: Vec<_> = server_frames(frame).collect();
    let [frame] = &*frames else { panic!("one frame becomes one frame, not {frames:?}") };
    if frame.compressed {
        assert!(frame.payload.len() < bytes.len());
        let back = inflate(&frame.payload, bytes.len());
        assert_eq!(back.as_deref(), Ok(bytes));
    } else {
        assert_eq!(frame.payload, bytes);
    }

    let first = inflate(bytes, limit);
    if let Ok(message) = &first {
        assert!(message.len() <= limit);
    }
    // Another message in between leaves no trace.
    let _ = inflate(&frame.payload, limit);
    assert_eq!(first, inflate(bytes, limit));
}

/// Serializers: what decodes is encoded to something that decodes to the same.
pub fn serializers(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let binary = Frame::Binary(bytes.clone());
    if let Ok(message) = Version::V2.decode(binary.clone()) {
        assert_eq!(client_binary(&message), bytes);
    }
    let json = Version::V1.decode(binary).ok();
    let Ok(text) = Text::try_from(bytes) else {
        assert!(json.is_none(), "version 1 has nothing but JSON: {json:?}");
        return;
    };
    let text = Frame::Text(text);
    let same = Version::V1.decode(text.clone()).ok();
    assert_eq!(json.as_ref().map(described), same.as_ref().map(described), "in either frame");
    for version in [Version::V1, Version::V2] {
        let Ok(message) = version.decode(text.clone()) else { continue };
        let _ = message.payload.clone().decode::<Value>();
        let mut again = reencoded(version, &message);
        if version == Version::V1 {
            // It is not sent in version 1.
            again.join_ref.clone_from(&message.join_ref);
        }
        assert_eq!(described(&again), described(&message));
    }
}

/// Older protocols: what decodes is encoded to something that decodes to the same, and nothing else is
/// sent than what the protocol has.
pub fn older_protocols(bytes: &[u8]) {
    let binary = Frame::Binary(Bytes::copy_from_slice(bytes));
    let text = Text::try_from(Bytes::copy_from_slice(bytes)).ok().map(Frame::Text);
    let names = [("rooms", "room:"), ("any", "")];
    for protocol in [
        Protocol::v0_7(),
        Protocol::v0_7_with(names),
        Protocol::v0_8(),
        Protocol::v0_10(),
        Protocol::v0_14(),
        Protocol::v1_3(),
    ] {
        let in_binary = protocol.decode(&binary).ok();
        let message = text.as_ref().and_then(|text| protocol.decode(text).ok());
        assert_eq!(in_binary.as_ref().map(described), message.as_ref().map(described));
        let Some(message) = message else { continue };
        let Message { reference, topic, event, payload, .. } = &message;
        let push = Outgoing::push(topic, event, payload);
        let push = Outgoing { reference: reference.as_ref(), ..push };
        let Ok(Some(frame)) = protocol.encode(&push) else { panic!("{push:?} is not sent") };
        let Ok(again) = protocol.decode(&frame) else { panic!("{push:?} is no message") };
        // A joining client of old says `join`, which nobody sends back.
        if !event.starts_with("phx_") {
            assert_eq!((&again.topic, &again.event), (topic, event));
            assert_eq!((&again.reference, &again.payload), (reference, payload));
        }
        let reply = Outgoing::reply(topic, reference.as_ref(), event, payload);
        let end = Outgoing::end(topic, reference.as_ref(), ChannelEnd::Failed);
        for message in [reply, end, Outgoing::heartbeat(reference.as_ref())] {
            match protocol.encode(&message) {
                Ok(None) => {}
                Ok(Some(frame)) => {
                    let json = serde_json::from_slice::<IgnoredAny>(frame.as_bytes());
                    assert!(json.is_ok(), "{message:?}");
                }
                Err(error) => panic!("{error}: {message:?}"),
            }
        }
    }
}

/// A binary push as a client writes it.
fn client_binary(message: &Message) -> Vec<u8> {
    let bare = |reference: &Option<MessageRef>| {
        reference.as_ref().map_or_else(String::new, |reference| reference.bare().to_string())
    };
    let (join_ref, reference) = (bare(&message.join_ref), bare(&message.reference));
    let names: [&str; 4] = [&join_ref, &reference, &message.topic, &message.event];
    let mut bytes = vec![0];
    bytes.extend(names.iter().filter_map(|name| u8::try_from(name.len()).ok()));
    bytes.extend(names.iter().flat_map(|name| name.bytes()));
    bytes.extend_from_slice(payload_bytes(&message.payload));
    bytes
}

/// The message sent to a client of the same version, and read as if it came from there.
fn reencoded(version: Version, message: &Message) -> Message {
    let payload = payload_bytes(&message.payload);
    let (join_ref, kind) = (message.join_ref.as_ref(), crate::message::PayloadKind::Json);
    let reference = message.reference.as_ref();
    let push = Outgoing::pushed(join_ref, &message.topic, &message.event, kind, payload);
    let outgoing = Outgoing { reference, ..push };
    let Ok(encoded) = version.frame(&outgoing) else { panic!("JSON can be encoded: {message:?}") };
    let frames: Vec<_> = server_frames(encoded).collect();
    let [frame] = &*frames else { panic!("one message is one frame, not {frames:?}") };
    assert!(serde_json::from_slice::<IgnoredAny>(&frame.payload).is_ok(), "{frame:?}");
    let Ok(text) = Text::try_from(frame.payload.clone()) else { panic!("not text: {frame:?}") };
    match version.decode(Frame::Text(text)) {
        Ok(message) => message,
        Err(error) => panic!("{error}: {frame:?}"),
    }
}

fn payload_bytes(payload: &Payload) -> &[u8] {
    match (payload.as_json(), payload.as_binary()) {
        (Some(text), _) => text.as_bytes(),
        (None, Some(bytes)) => bytes,
        (None, None) => panic!("a JSON payload is text"),
    }
}

fn described(message: &Message) -> String {
    format!("{message:?}")
}

/// Queries: what is read is bounded, and written again it reads the same.
pub fn params(query: &str) {
    let Ok(params) = Params::from_query(query) else { return };
    assert_eq!(Params::from_query(query).as_ref(), Ok(&params));
    let mut names = 0;
    let mut again = String::new();
    let mut is_plain = true;
    let mut left: Vec<_> = params.iter().map(|(name, value)| (name.to_owned(), value, 0)).collect();
    while let Some((name, value, depth)) = left.pop() {
        assert!(depth <= 32, "{query:?}");
        // Names with brackets in odd places, and objects in lists, are read and cannot be written.
        is_plain &= name.matches('[').count() == depth && name.matches(']').count() == depth;
        match value {
            Value::String(text) => {
                names += 1;
                let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                let _ = write!(again, "&{}={}", escaped(&name), escaped(text));
            }
            Value::Array(items) => {
                is_plain &= items.iter().all(Value::is_string);
                left.extend(items.iter().rev().map(|item| (format!("{name}[]"), item, depth + 1)));
            }
            Value::Object(fields) => {
                is_plain &= !fields.is_empty() && !name.is_empty() && !fields.contains_key("");
                let under = |(key, value)| (format!("{name}[{key}]"), value, depth + 1);
                left.extend(fields.iter().map(under));
            }
            other => panic!("{other} is no parameter"),
        }
    }
    assert!(names <= 1_000, "{query:?}");
    if is_plain {
        assert_eq!(Params::from_query(&again).as_ref(), Ok(&params), "{again:?}");
    }
    if let Err(error) = params.decode::<HashMap<String, Vec<u32>>>() {
        let _ = error.to_string();
    }
}

/// Cookies of others: they forge no session and hide none.
pub fn cookies(others: &[u8]) {
    const SECRET: &str = "a secret that the fuzzer does not know";
    let options = SessionOptions::new("_key");
    let load = |line: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_bytes(line).ok()?);
        Some(options.load(&headers, SECRET))
    };
    let Some(found) = load(others) else { return };
    assert_eq!(found, None, "forged");
    let mut session = Session::new();
    session.insert("user", 1);
    let Ok(set) = options.set_cookie(&session, SECRET) else { panic!("it can be set") };
    let own = set.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    for line in [[own, b";", others].concat(), [others, b"; ", own].concat()] {
        assert_eq!(load(&line), Some(Some(session.clone())), "hidden");
    }
}

/// Tokens: none but the server's own is accepted.
pub fn tokens(text: &str) {
    const SECRET: &str = "a secret that the fuzzer does not know";
    let verify = |token: &str| Token::verify::<Value>(SECRET, "salt", token, Duration::MAX);
    assert_eq!(verify(text), Err(TokenError::Invalid));
    let Ok(token) = Token::sign(SECRET, "salt", &text) else { panic!("text can be signed") };
    assert_eq!(verify(&token).as_ref().map(Value::as_str), Ok(Some(text)));
    let at = text.len() % token.len();
    let changed = format!("{}{text}{}", &token[..at], &token[at..]);
    assert_eq!(verify(&changed).is_ok(), text.is_empty(), "{changed:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_frames_or_errors(
            stream in frame_like(),
            pieces in prop::collection::vec(1_usize..40, 1..5),
            limit in 0_usize..300,
            compressed: bool,
        ) {
            super::frames(&stream, &pieces, limit, compressed);
        }

        #[test]
        fn any_bytes_can_be_compressed_and_tried_to_inflate(
            bytes in prop::collection::vec(0_u8..8, 0..600),
            limit in 0_usize..1000,
        ) {
            super::deflate(&bytes, limit);
        }

        #[test]
        fn any_query_is_bounded_and_reads_the_same_again(query in "([ab]{0,2}(\\[[ab]?\\]){0,3}]?(=[%0-9+é]{0,3})?&?){0,12}") {
            super::params(&query);
        }

        #[test]
        fn cookies_of_others_forge_no_session_and_hide_none(others in prop::collection::vec(any::<u8>(), 0..40)) {
            super::cookies(&others);
        }

        #[test]
        fn no_token_is_accepted_but_the_servers_own(text in ".{0,40}") {
            super::tokens(&text);
        }

        #[test]
        fn any_message_survives_its_serializers(bytes in message_like()) {
            super::serializers(&bytes);
        }

        #[test]
        fn any_message_survives_the_older_protocols(bytes in message_like()) {
            super::older_protocols(&bytes);
        }
    }

    /// Masked frames of all kinds, and some invalid bytes.
    fn frame_like() -> impl Strategy<Value = Vec<u8>> {
        let payload = prop::collection::vec(any::<u8>(), 0..125);
        let frame = (any::<u8>(), payload).prop_map(|(first, payload)| {
            let first = if first & 0x30 == 0 { first } else { first & 0x8a };
            let length = u8::try_from(payload.len()).unwrap();
            [&[first, 0x80 | length, 1, 2, 3, 4], &*payload].concat()
        });
        prop::collection::vec(frame, 0..8).prop_map(|frames| frames.concat())
    }

    fn message_like() -> impl Strategy<Value = Vec<u8>> {
        let value = prop_oneof![
            Just("null".to_owned()),
            "-?[1-9][0-9]{0,30}(\\.[0-9]{1,5})?",
            "\"[a-z\"\\\\u0-9é]{0,6}\"",
            Just("{\"a\":[1, {}]}".to_owned()),
        ];
        let text = [value.clone(), value.clone(), value.clone(), value.clone(), value];
        let text = text.prop_map(|[join_ref, reference, topic, event, payload]| {
            let array = format!("[{join_ref},{reference},{topic},{event}, {payload} ]");
            let object = format!(
                "{{\"topic\":{topic},\"event\":{event},\"payload\":{payload},\"ref\":{reference},\
                 \"join_ref\":{join_ref}}}"
            );
            let pair = format!(
                "{{\"channel\":{join_ref},\"topic\":{topic},\"event\":{event},\"message\":{payload}}}"
            );
            [array.into_bytes(), object.into_bytes(), pair.into_bytes()]
        });
        let binary = prop::collection::vec(0_u8..5, 0..30);
        prop_oneof![
            text.clone().prop_map(|[array, _, _]| array),
            text.clone().prop_map(|[_, object, _]| object),
            text.prop_map(|[_, _, pair]| pair),
            binary,
        ]
    }
}
