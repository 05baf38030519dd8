//! What a serializer is.

use super::{decode_error::DecodeError, message::Message, outgoing::Outgoing};
use crate::{message::EncodeError, wire::Frame};

/// Between the frames of a transport and messages: an encoding of the channels protocol.
///
/// A mount gets it in a [`Protocol`](super::Protocol), beside the built-in ones. Clients choose it
/// with their connection parameter `vsn`.
///
/// ```
/// use phx_runtime::{
///     Payload, channel::EncodeError,
///     serializer::{DecodeError, DecodeErrorKind, Message, Outgoing, Serializer},
///     transport::Frame,
/// };
///
/// /// `topic event json`, one message per line; nothing is answered.
/// struct Lines;
///
/// impl Serializer for Lines {
///     fn vsn(&self) -> &str {
///         "~> 100.0.0"
///     }
///
///     fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
///         let text = std::str::from_utf8(frame.as_bytes()).unwrap_or_default();
///         let mut parts = text.splitn(3, ' ');
///         let (Some(topic), Some(event), Some(json)) = (parts.next(), parts.next(), parts.next()) else {
///             return Err(DecodeError::new(DecodeErrorKind::Shape, "three words make a message"));
///         };
///         let value: serde_json::Value = serde_json::from_str(json)?;
///         Ok(Message::new(topic, event, Payload::json(&value)?))
///     }
///
///     fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
///         if message.status().is_some() {
///             return Ok(None);
///         }
///         let payload = String::from_utf8_lossy(message.payload());
///         Ok(Some(Frame::text(format!("{} {} {payload}", message.topic(), message.event()))))
///     }
/// }
/// # let lines = phx_runtime::serializer::Protocol::new(Lines);
/// # let message = lines.decode(&Frame::text("room:1 new_msg {\"a\":1}")).unwrap();
/// # assert_eq!((message.topic(), message.event()), ("room:1", "new_msg"));
/// # assert!(lines.decode(&Frame::text("room:1")).is_err());
/// ```
///
/// Both methods are called while others wait, so they neither block nor wait. A panic in them is an
/// error of the one message.
///
/// Phoenix counterpart: `Phoenix.Socket.Serializer`, with one method for `encode!/1` and
/// `fastlane!/1`, which [`Outgoing::kind`] tells apart.
pub trait Serializer: Send + Sync + 'static {
    /// Which `vsn` it is for, as a requirement: `~> 3.0.0`. What no requirement is, refuses the
    /// endpoint.
    fn vsn(&self) -> &str;

    /// Reads one frame. What the client chose, its depth above all, must not choose how much memory
    /// or stack this takes.
    ///
    /// # Errors
    ///
    /// It is invalid, which closes the connection, or refuses the request of long-polling.
    fn decode(&self, frame: &Frame) -> Result<Message, DecodeError>;

    /// Writes one message, or leaves it out where the protocol has no such messages. A broadcast is
    /// written once for all clients of this serializer.
    ///
    /// # Errors
    ///
    /// It cannot be written. A broadcast is then dropped for the clients of this serializer, which
    /// is logged and counted; a push or a reply ends its channel with `phx_error`.
    fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError>;
}
