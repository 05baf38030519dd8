//! Why a client's bytes are not taken, and the close code that says so.

use super::frame::CloseCode;

/// A frame or message that ends the connection.
///
/// The text is for the log; the client is told [`FrameError::close_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// RFC 6455 section 5.1: a client masks every frame.
    #[error("client frame is not masked")]
    Unmasked,
    /// RFC 6455 section 5.2: a reserved bit that no agreed extension defines.
    #[error("reserved bit set in frame header")]
    ReservedBit,
    /// An opcode that RFC 6455 keeps for later.
    #[error("reserved opcode {0}")]
    ReservedOpcode(u8),
    /// RFC 6455 section 5.5: control frames come in one piece.
    #[error("fragmented control frame")]
    FragmentedControl,
    /// RFC 6455 section 5.5: the payload of a control frame has at most 125 bytes.
    #[error("control frame above 125 bytes")]
    LongControl,
    /// The highest bit of a 64-bit length is set, against RFC 6455 section 5.2.
    #[error("frame length above 2^63 - 1")]
    InvalidLength,
    /// A continuation frame with no message to continue.
    #[error("continuation frame without a started message")]
    UnexpectedContinuation,
    /// A new message before the last fragment of the one before.
    #[error("new message inside a fragmented message")]
    UnfinishedMessage,
    /// A close body too short for a code.
    #[error("close frame with a body of one byte")]
    ShortCloseBody,
    /// A code that must not be sent (RFC 6455 section 7.4).
    #[error("close code {0} must not be sent")]
    InvalidCloseCode(u16),
    /// A text message or close reason that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A compressed message that cannot be decompressed.
    #[error("compressed message is damaged")]
    InvalidDeflate,
    /// The message is above the limit, by its header or by what was received of it.
    #[error("message above the limit of {limit} bytes")]
    TooBig {
        /// The limit in bytes.
        limit: usize,
    },
}

impl FrameError {
    /// The code that closes the connection.
    pub(crate) fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::InvalidDeflate => CloseCode::INVALID_DATA,
            Self::TooBig { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL,
        }
    }
}
