//! Broadcasts of other nodes, which arrive as the frames that clients get.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::broadcast::Broadcast;
use crate::{
    message::{Payload, PayloadKind, Topic},
    wire::{OpCode, frame_header},
};

/// What another node sent is not a frame of a broadcast, or is of another topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the frame of a broadcast on this topic")]
pub(crate) struct ReceivedError;

impl Broadcast {
    /// The frame that clients of version 2 get, which is what nodes send each other.
    pub(crate) fn sent_frame(&self) -> &Bytes {
        self.frame_of_v2()
    }

    /// A message of another node. Its frame goes to clients as it is, so it is checked to be what
    /// [`sent_frame`](Self::sent_frame) gave there.
    pub(crate) fn received(topic: Topic, frame: Bytes) -> Result<Self, ReceivedError> {
        let (event, payload) = read(&topic, &frame).ok_or(ReceivedError)?;
        Ok(Self::of_frame(topic, &event, payload, frame))
    }
}

/// Event and payload of the frame.
fn read(topic: &str, frame: &Bytes) -> Option<(String, Payload)> {
    let text = |body: &Bytes| {
        // Checked for all at once: the payload is handed on as text.
        simdutf8::basic::from_utf8(body).ok()?;
        let Wire((), (), named, event, payload) = serde_json::from_slice(body).ok()?;
        (named == topic).then(|| {
            let payload = body.slice_ref(payload.get().as_bytes());
            // The payload of whoever made the frame is closed by the array's bracket alone.
            let is_last = payload.as_ptr_range().end.addr() + 1 == body.as_ptr_range().end.addr();
            is_last.then(|| (event.into_owned(), Payload::checked(PayloadKind::Json, payload)))
        })?
    };
    let binary = |body: &Bytes| {
        let (&[kind, topic_len, event_len], _) = body.split_first_chunk::<3>()?;
        let named = 3..3 + usize::from(topic_len);
        let event = named.end..named.end + usize::from(event_len);
        let is_it = kind == BROADCAST && body.get(named)? == topic.as_bytes();
        let name = simdutf8::basic::from_utf8(body.get(event.clone())?).ok()?;
        is_it.then(|| (name.to_owned(), Payload::binary(body.slice(event.end..))))
    };
    for (opcode, is_text) in [(OpCode::Text, true), (OpCode::Binary, false)] {
        // The header is the only one that a server writes for a body of this length.
        for header_len in [2, 4, 10] {
            let Some(len) = frame.len().checked_sub(header_len) else { break };
            if *frame_header(opcode, len) == frame[..header_len] {
                let body = frame.slice(header_len..);
                return if is_text { text(&body) } else { binary(&body) };
            }
        }
    }
    None
}

/// The kind of a binary message that is a broadcast.
const BROADCAST: u8 = 2;

#[derive(Deserialize)]
struct Wire<'a>(
    (),
    (),
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] &'a RawValue,
);

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{Broadcast, Form};
    use crate::{
        message::{Binary, ToPayload},
        serializer::{Codec, Version},
    };

    fn made(topic: &str, event: &str, payload: impl ToPayload) -> Broadcast {
        let payload = payload.to_payload().unwrap();
        Broadcast::new(topic.into(), event, &payload, None).unwrap()
    }

    #[test]
    fn what_one_node_sends_is_the_same_on_another() {
        let long = "x".repeat(70_000);
        for (topic, event) in [("room:1", "e"), ("", ""), ("a\"b\\\n\u{1f600}", "\"")] {
            let sent = [
                made(topic, event, serde_json::json!({ "a": [1, "\u{e9}"] })),
                made(topic, event, serde_json::json!(null)),
                made(topic, event, &*long),
                made(topic, event, &long[..300]),
                made(topic, event, Binary::from(vec![0, 1, 255])),
                made(topic, event, Binary::from(vec![7; 70_000])),
            ];
            for sent in sent {
                let frame = Bytes::copy_from_slice(sent.sent_frame());
                let got = Broadcast::received(topic.into(), frame.clone()).unwrap();
                assert_eq!(got.topic(), sent.topic());
                assert_eq!(got.event(), sent.event());
                assert!(got.payload() == sent.payload());
                for codec in [Codec::Version(Version::V1), Codec::Version(Version::V2)] {
                    for compressed in [false, true] {
                        let form = Form { codec: &codec, compressed };
                        assert_eq!(got.frame(form), sent.frame(form));
                    }
                }
                // Clients get a part of what arrived, not a copy.
                let codec = &Codec::Version(Version::V2);
                let plain = Form { codec, compressed: false };
                assert_eq!(got.frame(plain).unwrap().as_ptr(), frame.as_ptr());
            }
        }
    }

    #[test]
    fn what_is_no_broadcast_of_the_topic_is_refused() {
        let frame = made("room:1", "e", serde_json::json!({ "a": 1 })).sent_frame().to_vec();
        let refused = |topic: &str, frame: Vec<u8>| {
            assert!(Broadcast::received(topic.into(), frame.clone().into()).is_err(), "{frame:?}");
        };
        refused("room:2", frame.clone());
        for cut in 0..frame.len() {
            refused("room:1", frame[..cut].to_vec());
            // Not text, in any place.
            let mut wrong = frame.clone();
            wrong[cut] = 0xff;
            refused("room:1", wrong);
        }
        refused("room:1", [&frame[..], b" "].concat());
        let binary = made("t", "e", Binary::from(vec![1, 2])).sent_frame().to_vec();
        for cut in 0..7 {
            refused("t", binary[..cut].to_vec());
        }
        let text =
            |json: &str| [&[0x81, u8::try_from(json.len()).unwrap()], json.as_bytes()].concat();
        assert!(Broadcast::received("t".into(), text(r#"[null,null,"t","e",1]"#).into()).is_ok());
        for json in [
            r#"["1",null,"t","e",1]"#,
            r#"[null,null,"t","e"]"#,
            r#"[null,null,"t","e",1,2]"#,
            r#"[null,null,"t","e",1 ]"#,
            r#"[null,null,"t",1,1]"#,
            r#"[null,null,"t","e",{"a"}]"#,
        ] {
            refused("t", text(json));
        }
    }
}
