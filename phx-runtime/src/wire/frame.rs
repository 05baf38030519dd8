//! What travels between a transport and a socket: data messages, control messages, close codes.
//!
//! The types say nothing about how a transport writes them: a WebSocket puts a frame header before
//! them, long-polling puts them into a JSON answer.

use std::fmt;

use bytes::Bytes;

/// One whole data message, in either direction.
///
/// Its bytes are shared: a clone is a reference count. A message that came from a client may share
/// its allocation with the messages that arrived in the same read, so code that keeps a small part
/// of one for long should copy that part.
///
/// Counterpart of Phoenix's `{payload, opcode: :text | :binary}`.
///
/// ```
/// use phx_runtime::transport::Frame;
///
/// let echo = match Frame::text("hello") {
///     Frame::Text(text) => Frame::text(format!("you said {text}")),
///     Frame::Binary(bytes) => Frame::Binary(bytes),
/// };
/// assert_eq!(echo, Frame::text("you said hello"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Frame {
    /// Text, known to be UTF-8.
    Text(Text),
    /// Bytes of any kind.
    Binary(Bytes),
}

/// Tells kind and size.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, size) = match self {
            Self::Text(text) => ("Text", text.len()),
            Self::Binary(bytes) => ("Binary", bytes.len()),
        };
        write!(f, "{kind}(<{size} bytes>)")
    }
}

impl Frame {
    /// A text message.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// The payload, whatever its kind.
    pub fn as_bytes(&self) -> &Bytes {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload without its kind.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Length of the payload in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload has no bytes.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl From<Text> for Frame {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

/// Shared bytes that were checked to be UTF-8.
///
/// Once built it stays as it is, so a transport can send it as text without looking at it again.
/// There is no `Deref` to `str`: reading it as a string checks it once more ([`Text::as_str`]), and
/// that should be seen where it happens.
///
/// ```
/// use bytes::Bytes;
/// use phx_runtime::transport::Text;
///
/// let from_wire = Text::try_from(Bytes::from_static("é".as_bytes()))?;
/// assert_eq!(from_wire, Text::from("é"));
/// assert!(Text::try_from(Bytes::from_static(b"\xff")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text that lives as long as the program; copies and allocates nothing.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The UTF-8 bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The UTF-8 bytes, given up without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The text as a string slice.
    ///
    /// Costs one pass over the bytes, several GB a second: safe Rust cannot turn checked bytes back
    /// into a `str` for nothing.
    pub fn as_str(&self) -> &str {
        // Every constructor checks, so the default is never taken.
        simdutf8::basic::from_utf8(&self.0).unwrap_or_default()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes that were to become [`Text`] are not UTF-8.
///
/// A client that sends such bytes as text is answered with [`CloseCode::INVALID_DATA`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text is not UTF-8")]
pub struct NotUtf8;

impl TryFrom<Bytes> for Text {
    type Error = NotUtf8;

    fn try_from(bytes: Bytes) -> Result<Self, NotUtf8> {
        match simdutf8::basic::from_utf8(&bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(_) => Err(NotUtf8),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl From<&str> for Text {
    /// Copies; [`Text::from_static`] does not.
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<Text> for Bytes {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Tells the size.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text(<{} bytes>)", self.len())
    }
}

/// A ping or pong with its payload, at most 125 bytes.
///
/// A transport answers pings by itself before it hands them on. Counterpart of what Phoenix gives
/// to `handle_control`.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Control {
    /// The peer asks for a sign of life.
    Ping(Bytes),
    /// The answer to a ping, or an unasked one.
    Pong(Bytes),
}

/// Tells kind and size.
impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match self {
            Self::Ping(bytes) => ("Ping", bytes),
            Self::Pong(bytes) => ("Pong", bytes),
        };
        write!(f, "{kind}(<{} bytes>)", bytes.len())
    }
}

/// A WebSocket close code that may be sent in a close frame.
///
/// That is 1000 to 1003, 1007 to 1014 and 3000 to 4999 (RFC 6455 section 7.4 and the IANA registry).
/// Codes that only describe a close to the local side (1005, 1006, 1015) and reserved ones have no
/// value of this type. Libraries take codes from 3000 to 3999, applications from 4000 to 4999.
///
/// ```
/// use phx_runtime::transport::CloseCode;
///
/// assert_eq!(CloseCode::new(1012), Some(CloseCode::RESTART));
/// assert_eq!(CloseCode::new(1006), None);
/// assert_eq!(CloseCode::GOING_AWAY.get(), 1001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the conversation is over; Phoenix's client does not reconnect.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server ends this connection, as after a `disconnect` broadcast.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the WebSocket protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// 1003: a kind of message that this endpoint cannot take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: the payload does not fit its kind, as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: a rule of the server was broken.
    pub const POLICY: Self = Self(1008);
    /// 1009: the message is above the size limit.
    pub const TOO_BIG: Self = Self(1009);
    /// 1011: the server failed.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the server restarts; clients reconnect.
    pub const RESTART: Self = Self(1012);
    /// 1013: the server has too much to do; try again later.
    pub const TRY_AGAIN: Self = Self(1013);

    /// The code, if it may be sent in a close frame.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The code as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_only_utf8() {
        assert_eq!(Text::try_from(Bytes::from_static("héß😀".as_bytes())).unwrap(), "héß😀");
        for bad in [&b"\x80"[..], b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\xc0\xaf"] {
            assert_eq!(Text::try_from(Bytes::from_static(bad)), Err(NotUtf8));
        }
    }

    #[test]
    fn text_reads_back_as_it_was_built() {
        for text in [Text::from("é"), Text::from(String::from("é")), Text::from_static("é")] {
            assert_eq!(text.as_str(), "é");
            assert_eq!(text.to_string(), "é");
            assert_eq!(format!("{text:?}"), "Text(<2 bytes>)");
            assert_eq!(text.len(), 2);
            assert_eq!(text.into_bytes(), "é".as_bytes());
        }
        assert!(Text::default().is_empty());
    }

    #[test]
    fn a_string_becomes_a_message_without_a_copy() {
        let string = String::from("no copy");
        let address = string.as_ptr();
        assert_eq!(Frame::text(string).into_bytes().as_ptr(), address);
    }

    #[test]
    fn only_codes_that_may_be_sent_are_close_codes() {
        for code in 0..=u16::MAX {
            let sendable = (1000..=1003).contains(&code)
                || (1007..=1014).contains(&code)
                || (3000..=4999).contains(&code);
            assert_eq!(CloseCode::new(code).map(CloseCode::get), sendable.then_some(code));
        }
    }
}
