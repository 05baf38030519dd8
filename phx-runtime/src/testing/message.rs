//! Messages of protocol version 2 as a client reads and writes them.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    message::{Payload, PayloadKind},
    wire::Frame,
};

/// A message from the server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Received {
    pub(super) join_ref: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) topic: String,
    pub(super) body: Sent,
}

/// What a client was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Sent {
    /// A reply to a message of its own.
    Reply {
        /// `ok`, `error`, or what else the handler said.
        status: String,
        /// The response.
        response: Payload,
    },
    /// A push or a broadcast.
    Push {
        /// The event.
        event: String,
        /// The payload.
        payload: Payload,
    },
}

impl Sent {
    /// Whether it is a push or a broadcast of this event.
    pub fn is_push(&self, event: &str) -> bool {
        matches!(self, Self::Push { event: its, .. } if its == event)
    }

    /// Whether it is a reply with this status.
    pub fn is_reply(&self, status: &str) -> bool {
        matches!(self, Self::Reply { status: its, .. } if its == status)
    }

    /// The payload of a push, the response of a reply.
    pub fn payload(&self) -> &Payload {
        match self {
            Self::Reply { response: payload, .. } | Self::Push { payload, .. } => payload,
        }
    }

    /// The payload as JSON; `null` if it is binary.
    pub fn json(&self) -> Value {
        let json = self.payload().as_json();
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

/// A payload as the text of a failure has it: whole, since in a test there is nothing to hide.
pub(super) struct Whole<'a>(pub(super) &'a Payload);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_json() {
            Some(json) => f.write_str(json),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[derive(Deserialize)]
struct Reply {
    status: String,
    response: Value,
}

impl Received {
    /// Reads a frame; `None` if it is not one that a server sends.
    pub(super) fn read(frame: &Frame) -> Option<Self> {
        match frame {
            Frame::Text(text) => Self::read_text(text.as_str()),
            Frame::Binary(bytes) => Self::read_binary(bytes),
        }
    }

    fn read_text(text: &str) -> Option<Self> {
        let (join_ref, reference, topic, event, payload): (_, _, _, String, Value) =
            serde_json::from_str(text).ok()?;
        let body = if event == "phx_reply" {
            let Reply { status, response } = serde_json::from_value(payload).ok()?;
            Sent::Reply { status, response: Payload::json(&response).ok()? }
        } else {
            Sent::Push { event, payload: Payload::json(&payload).ok()? }
        };
        Some(Self { join_ref, reference, topic, body })
    }

    /// The kind, the sizes of its names, the names, and the data.
    fn read_binary(bytes: &Bytes) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let count = match kind {
            0 => 3,
            1 => 4,
            2 => 2,
            _ => return None,
        };
        let sizes = rest.get(..count)?;
        let mut at = 1 + count;
        let mut names = sizes.iter().map(|&size| {
            let name = bytes.get(at..at + usize::from(size))?;
            at += usize::from(size);
            String::from_utf8(name.to_vec()).ok()
        });
        let mut name = || names.next().flatten();
        let (join_ref, reference, topic, last) = match kind {
            0 => (Some(name()?), None, name()?, name()?),
            1 => (Some(name()?), Some(name()?), name()?, name()?),
            _ => (None, None, name()?, name()?),
        };
        let payload = Payload::binary(bytes.slice(at..));
        let body = if kind == 1 {
            Sent::Reply { status: last, response: payload }
        } else {
            Sent::Push { event: last, payload }
        };
        Some(Self { join_ref, reference, topic, body })
    }
}

/// Writes a message from the client; `None` if one of its names is too long for a binary message.
pub(crate) fn write(
    join_ref: &str,
    reference: &str,
    topic: &str,
    event: &str,
    payload: &Payload,
) -> Option<Frame> {
    let names = [join_ref, reference, topic, event];
    if payload.kind == PayloadKind::Json {
        let [join_ref, reference, topic, event] = names.map(|name| json!(name).to_string());
        let payload = String::from_utf8_lossy(&payload.bytes);
        return Some(Frame::text(format!("[{join_ref},{reference},{topic},{event},{payload}]")));
    }
    let mut bytes = vec![0];
    for name in names {
        bytes.push(name.len().try_into().ok()?);
    }
    for name in names {
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes.extend_from_slice(&payload.bytes);
    Some(Frame::binary(bytes))
}
