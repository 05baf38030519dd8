//! Between bytes and messages: protocol versions 1 and 2.
//!
//! Encoders write whole WebSocket frames, headers included, because that is the form in which a
//! message waits in an outbox and is shared by all subscribers of a broadcast.

mod message;
mod v1;
mod v2;
mod version;

#[cfg(any(test, fuzzing))]
pub(crate) use self::message::Body;
pub use self::version::Version;
pub(crate) use self::{
    message::{ClientMessage, Incoming, MessageRef, Outgoing},
    version::VersionError,
};

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use thiserror::Error;

use crate::{message::EncodeError, wire::Frame};

/// A frame that is no message of the protocol; it ends its connection with code 1011, as in
/// Phoenix.
#[derive(Debug, Error)]
pub(crate) enum DecodeError {
    #[error("not a message: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a binary message of kind {0}; clients send kind 0")]
    Kind(u8),
    #[error("a binary message that ends within its header")]
    Truncated,
    #[error("a name in a binary message is not UTF-8")]
    NotText,
    #[error("a binary frame that is no JSON message; protocol version 1 has no other")]
    BinaryInV1,
}

impl Version {
    /// Reads one frame.
    pub(crate) fn decode(self, frame: &Frame) -> Result<Incoming, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode(text.as_bytes()),
            // Some clients send all their frames as binary ones.
            (Self::V1, Frame::Binary(json)) => {
                v1::decode(json).map_err(|_| DecodeError::BinaryInV1)
            }
            (Self::V2, Frame::Text(text)) => v2::decode_text(text.as_bytes()),
            (Self::V2, Frame::Binary(bytes)) => v2::decode_binary(bytes),
        }
    }

    /// Appends the frame of one message to `buffer`, which is left as it was on an error.
    pub(crate) fn encode(
        self,
        message: &Outgoing<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::V1 => v1::encode(message, buffer),
            Self::V2 => v2::encode(message, buffer),
        }
    }

    /// The frame of one message.
    pub(crate) fn frame(self, message: &Outgoing<'_>) -> Result<Bytes, EncodeError> {
        // Frame header, refs, event and punctuation take some 60 bytes.
        let mut buffer = Vec::with_capacity(message.topic.len() + message.payload.len() + 96);
        self.encode(message, &mut buffer)?;
        Ok(buffer.into())
    }
}

/// A topic or an event. Keeps text without escapes borrowed, which `Cow` alone does not.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Appends text as a JSON string.
fn put_json_str(text: &str, buffer: &mut Vec<u8>) {
    // Writing a string to memory cannot fail.
    let _ = serde_json::to_writer(buffer, text);
}

/// Appends a ref, or `null`.
fn put_ref(reference: Option<&MessageRef>, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(reference.map_or("null", MessageRef::as_str).as_bytes());
}
