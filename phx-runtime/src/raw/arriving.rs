//! What arrives at a socket without channels, as its handlers take it.

use bytes::Bytes;

use crate::{
    message::{Binary, PayloadError},
    wire::{Control, Frame, Text},
};

/// Which messages of a client a type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameKind {
    /// Text alone.
    Text,
    /// Binary messages alone.
    Binary,
    /// Both.
    Any,
}

impl FrameKind {
    /// Whether it includes the kind of this message.
    #[must_use]
    pub const fn takes(self, frame: &Frame) -> bool {
        matches!(
            (self, frame),
            (Self::Any, _) | (Self::Text, Frame::Text(_)) | (Self::Binary, Frame::Binary(_))
        )
    }

    /// Whether no message is of both kinds.
    #[must_use]
    pub const fn is_apart_from(self, other: Self) -> bool {
        matches!((self, other), (Self::Text, Self::Binary) | (Self::Binary, Self::Text))
    }
}

/// What `#[handle_in]` of a socket without channels can take as what arrives: its type chooses which
/// messages come to the handler.
///
/// Implement it for messages of your own. What does not decode is invalid: a WebSocket is closed
/// with code 1007, and a request of a long-polling client is answered with status 400.
///
/// ```
/// use phx_runtime::{
///     channel::PayloadError,
///     socket::{FrameKind, FromFrame},
///     transport::Frame,
/// };
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Move {
///     x: i32,
///     y: i32,
/// }
///
/// impl FromFrame<'_> for Move {
///     const KIND: FrameKind = FrameKind::Text;
///
///     fn from_frame(frame: &Frame) -> Result<Self, PayloadError> {
///         let decoded = serde_json::from_slice(frame.as_bytes());
///         decoded.map_err(|error| PayloadError::new(error.to_string()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message of a client",
    label = "expected text, bytes or a `Frame`",
    note = "text is taken as `&str`, `String` or `Text`, a binary message as `Bytes`, `Vec<u8>` or `&[u8]`, both as `Frame`; \
            for other types implement `phx_runtime::socket::FromFrame`"
)]
pub trait FromFrame<'a>: Sized {
    /// Which messages come to a handler that takes this type.
    const KIND: FrameKind;

    /// Makes it of a message of that kind.
    ///
    /// # Errors
    ///
    /// The message is not what the handler takes.
    fn from_frame(frame: &'a Frame) -> Result<Self, PayloadError>;
}

#[diagnostic::do_not_recommend]
impl FromFrame<'_> for Frame {
    const KIND: FrameKind = FrameKind::Any;

    fn from_frame(frame: &Frame) -> Result<Self, PayloadError> {
        Ok(frame.clone())
    }
}

/// Types that text or bytes become without fail.
macro_rules! taken {
    ($($kind:ident: $ty:ty, $bytes:ident => $taken:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<'a> FromFrame<'a> for $ty {
            const KIND: FrameKind = FrameKind::$kind;

            fn from_frame(frame: &'a Frame) -> Result<Self, PayloadError> {
                match frame {
                    Frame::$kind($bytes) => Ok($taken),
                    _ => Err(PayloadError::form("expected a message of the other kind")),
                }
            }
        }
    )* };
}

taken! {
    Text: Text, text => text.clone();
    Text: String, text => text.as_str().to_owned();
    Text: &'a str, text => text.as_str();
    Binary: Bytes, bytes => bytes.clone();
    Binary: Vec<u8>, bytes => bytes.to_vec();
    Binary: &'a [u8], bytes => bytes;
    Binary: Binary, bytes => bytes.clone().into();
}

/// What `#[handle_control]` can take as what arrives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a ping or a pong",
    label = "expected `Control`",
    note = "`phx_runtime::transport::Control` is `Ping` or `Pong`, each with its payload"
)]
pub trait FromControl {
    /// The message as the handler takes it.
    fn from_control(control: Control) -> Self;
}

impl FromControl for Control {
    fn from_control(control: Control) -> Self {
        control
    }
}
