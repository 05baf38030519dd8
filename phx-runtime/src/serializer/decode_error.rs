//! Frames that are no messages.

use thiserror::Error;

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
