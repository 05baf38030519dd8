//! Invalid frames.

use std::fmt;

use thiserror::Error;

use crate::message::EncodeError;

/// A frame that is invalid in the protocol; it ends its connection with code 1011, or with 1003 if
/// it is of a kind that the protocol does not have.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct DecodeError(#[from] Problem);

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// It cannot be read at all, such as text that is not JSON.
    Syntax,
    /// It can be read, and is invalid as a message, such as JSON that lacks a key.
    Shape,
    /// The protocol has no such frames.
    Unsupported,
}

#[derive(Debug, Error)]
pub(super) enum Problem {
    #[error("not a message: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a binary message of kind {0}; clients send kind 0")]
    Kind(u8),
    #[error("a binary message that ends within its header")]
    Truncated,
    #[error("a name in a binary message is not UTF-8")]
    NotText,
    #[error("a binary frame that is no JSON message; this protocol has no other")]
    NotJson,
    #[error("{1}")]
    Other(DecodeErrorKind, String),
}

impl DecodeError {
    /// An error of a serializer's own. The text is for the log.
    pub fn new(kind: DecodeErrorKind, why: impl fmt::Display) -> Self {
        Problem::Other(kind, why.to_string()).into()
    }

    /// What is wrong.
    pub fn kind(&self) -> DecodeErrorKind {
        match &self.0 {
            Problem::Json(error) if error.is_data() => DecodeErrorKind::Shape,
            Problem::Json(_) | Problem::Truncated => DecodeErrorKind::Syntax,
            Problem::Kind(_) | Problem::NotText => DecodeErrorKind::Shape,
            Problem::NotJson => DecodeErrorKind::Unsupported,
            Problem::Other(kind, _) => *kind,
        }
    }
}

/// A payload could not be taken over, see [`Payload::json`](crate::Payload::json).
impl From<EncodeError> for DecodeError {
    fn from(error: EncodeError) -> Self {
        Self::new(DecodeErrorKind::Shape, error)
    }
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Problem::Json(error).into()
    }
}
