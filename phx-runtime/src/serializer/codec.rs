//! Frames to messages and back, in what a connection speaks.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{
    decode_error::{DecodeError, Problem},
    message::Message,
    outgoing::Outgoing,
    plugged::Plugged,
    v1, v2,
    version::Version,
};
use crate::{
    message::EncodeError,
    wire::{Frame, Text},
};

/// What a connection speaks. The two versions of today's clients are known by name, so that nothing
/// is called through a pointer and nothing counted for them.
#[derive(Clone, Debug)]
pub(crate) enum Codec {
    Version(Version),
    Plugged(Arc<Plugged>),
}

impl Codec {
    /// Reads one frame.
    pub(crate) fn decode(&self, frame: Frame) -> Result<Message, DecodeError> {
        match self {
            Self::Version(version) => version.decode(frame),
            Self::Plugged(plugged) => plugged.decode(&frame),
        }
    }

    /// The WebSocket frame of one message; none if the protocol has no such messages.
    pub(crate) fn frame(&self, message: &Outgoing<'_>) -> Result<Option<Bytes>, EncodeError> {
        match self {
            Self::Version(version) => version.frame(message).map(Some),
            Self::Plugged(plugged) => plugged.frame(message),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Plugged(plugged) => f.write_str(plugged.name()),
        }
    }
}

impl Version {
    /// Reads one frame.
    pub(crate) fn decode(self, frame: Frame) -> Result<Message, DecodeError> {
        match (self, frame) {
            (Self::V1, Frame::Text(text)) => v1::decode(text.as_bytes()),
            // Some clients send all their frames as binary ones.
            (Self::V1, Frame::Binary(json)) => match Text::try_from(json) {
                Ok(text) => v1::decode(text.as_bytes()).map_err(|_| Problem::NotJson.into()),
                Err(_) => Err(Problem::NotJson.into()),
            },
            (Self::V2, Frame::Text(text)) => v2::decode_text(text),
            (Self::V2, Frame::Binary(bytes)) => v2::decode_binary(&bytes),
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
