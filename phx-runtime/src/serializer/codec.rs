//! Frames to messages and back, in each version.

use bytes::Bytes;

use super::{
    decode_error::DecodeError,
    message::{Incoming, Outgoing},
    v1, v2,
    version::Version,
};
use crate::{message::EncodeError, wire::Frame};

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
