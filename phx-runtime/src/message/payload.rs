//! What a message carries, coming in and going out.

use std::{fmt, ops::Deref};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::part::Part;

/// What a message carries, in either direction: any JSON value as text, or bytes. Cheap to clone.
///
/// As the first owned argument of a handler it accepts every payload, not decoded yet; sent on, it
/// goes out as it came.
///
/// ```
/// use phx_runtime::Payload;
/// use serde_json::json;
///
/// let payload = Payload::json(&json!({ "body": "hi" })).unwrap();
/// let value: serde_json::Value = payload.decode().unwrap();
/// assert_eq!(value["body"], "hi");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    pub(crate) kind: PayloadKind,
    /// Of JSON, text that a parser has accepted or a serializer has written.
    pub(crate) bytes: Part,
}

impl Payload {
    /// Encodes a value as JSON.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` implementation fails.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self, EncodeError> {
        Ok(Self::checked_json(serde_json::to_vec(value)?.into()))
    }

    /// Bytes as they are.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self { kind: PayloadKind::Binary, bytes: Part::whole(bytes.into()) }
    }

    /// JSON text that a parser has accepted before.
    pub(crate) fn checked_json(text: Bytes) -> Self {
        Self { kind: PayloadKind::Json, bytes: text.into() }
    }

    /// What was encoded as this kind before.
    pub(crate) fn checked(kind: PayloadKind, bytes: Bytes) -> Self {
        Self { kind, bytes: bytes.into() }
    }

    /// A value that needs no `Serialize` implementation which could fail.
    pub(crate) fn of_value(value: &serde_json::Value) -> Self {
        Self::checked_json(value.to_string().into())
    }

    /// What stands for nothing to say: clients expect an object.
    pub(crate) const fn empty_object() -> Self {
        Self { kind: PayloadKind::Json, bytes: Part::whole(Bytes::from_static(b"{}")) }
    }

    /// Takes the payload out of a message that goes on without it.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::binary(Bytes::new()))
    }

    /// JSON text that a parser has accepted: what was `read`, without so many bytes before and behind it.
    pub(crate) fn json_within(read: Bytes, before: usize, behind: usize) -> Self {
        Self { kind: PayloadKind::Json, bytes: Part::within(read, before, behind) }
    }

    /// Keeps nothing but itself of what was read together with it. Longer ones have most of that for
    /// themselves.
    pub(crate) fn detach(&mut self) {
        const SHORT: usize = 64 * 1024;
        if self.bytes.len() <= SHORT {
            self.bytes = Bytes::copy_from_slice(&self.bytes).into();
        }
    }

    /// Its size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How its bytes are to be read.
    pub fn kind(&self) -> PayloadKind {
        self.kind
    }

    /// The JSON text; none of a binary payload.
    pub fn as_json(&self) -> Option<&str> {
        match self.kind {
            PayloadKind::Json => simdutf8::basic::from_utf8(&self.bytes).ok(),
            PayloadKind::Binary => None,
        }
    }

    /// The bytes of a binary payload; none of JSON.
    pub fn as_binary(&self) -> Option<&Bytes> {
        match self.kind {
            PayloadKind::Json => None,
            PayloadKind::Binary => Some(self.bytes.as_whole()),
        }
    }

    /// Decodes the payload as any type that a handler could take.
    ///
    /// # Errors
    ///
    /// The payload is not of that type.
    pub fn decode<T: FromPayload>(self) -> Result<T, PayloadError> {
        T::from_payload(self)
    }
}

/// Tells kind and size. What clients send and get is theirs, and has no place in a log.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PayloadKind::Json => write!(f, "<{} bytes of JSON>", self.len()),
            PayloadKind::Binary => write!(f, "<{} bytes>", self.len()),
        }
    }
}

/// A binary payload, in either direction.
///
/// Binary messages exist in protocol version 2 only.
///
/// ```
/// use phx_runtime::{Binary, Reply};
///
/// fn thumbnail(image: &Binary) -> Reply {
///     Reply::ok(Binary::from(image[..image.len().min(4)].to_vec()))
/// }
/// assert!(thumbnail(&Binary::from(vec![1, 2])).is_ok());
/// ```
///
/// Phoenix counterpart: `{:binary, data}`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Binary(Bytes);

/// Tells the size.
impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary(<{} bytes>)", self.0.len())
    }
}

impl Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Binary {
    /// The bytes themselves.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    pub(super) fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl<T: Into<Bytes>> From<T> for Binary {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

/// A payload could not be decoded as the type that its handler takes. The client is answered with
/// `{"reason":"invalid payload","detail":…}`, where the detail is this error's text.
#[derive(Debug, Error)]
#[error("{detail}")]
pub struct PayloadError {
    kind: PayloadErrorKind,
    detail: String,
}

/// Sorts of [`PayloadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// It is JSON or text where bytes were expected, or the other way round.
    Form,
    /// It does not say what was expected.
    Content,
}

impl PayloadError {
    /// An error about what a payload says, whose `detail` the client may read.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { kind: PayloadErrorKind::Content, detail: detail.into() }
    }

    pub(crate) fn form(detail: &str) -> Self {
        Self { kind: PayloadErrorKind::Form, detail: detail.to_owned() }
    }

    /// What is wrong, for a program.
    pub fn kind(&self) -> PayloadErrorKind {
        self.kind
    }
}

/// A payload could not be encoded, so nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value's `Serialize` implementation failed.
    #[error("the payload cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Binary messages give the length of each name in one byte.
    #[error("the {field} of a binary message has {length} bytes, more than 255")]
    TooLong {
        /// Which name: topic, event, `join_ref`, ref or status.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// The message is larger than what nodes send each other.
    #[error("the message has {length} bytes, more than the {limit} that other nodes take")]
    TooLarge {
        /// Its length in bytes, as clients get it.
        length: usize,
        /// The greatest length; see [`Cluster::max_message`](crate::cluster::Cluster::max_message).
        limit: usize,
    },
    /// It would do harm to Phoenix nodes.
    #[error("Phoenix nodes cannot be sent the message: {problem}")]
    Phoenix {
        /// What is wrong with it.
        problem: String,
    },
    /// The client speaks protocol version 1 or an older one, which have no binary messages.
    #[error("protocol version 1 has no binary messages")]
    BinaryInV1,
    /// A [serializer](crate::serializer::Serializer) of the application's own cannot write it.
    #[error("the serializer cannot write it: {0}")]
    Serializer(String),
}

impl EncodeError {
    /// A word for it in metrics and logs: the variant's name, such as `too_long`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::TooLong { .. } => "too_long",
            Self::TooLarge { .. } => "too_large",
            Self::Phoenix { .. } => "phoenix",
            Self::BinaryInV1 => "binary_in_v1",
            Self::Serializer(_) => "serializer",
        }
    }
}

/// Types that a handler can take as the first owned argument.
///
/// Every `DeserializeOwned` type is decoded from JSON; [`Binary`] takes binary payloads,
/// [`Payload`] any.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be decoded from a message payload",
    label = "not a payload",
    note = "the first owned argument is what arrived: a type with `#[derive(Deserialize)]`, `Binary`, or `Payload`; \
            write `_: Payload` first to ignore it and take other owned arguments"
)]
pub trait FromPayload: Sized {
    /// Decodes the payload.
    fn from_payload(payload: Payload) -> Result<Self, PayloadError>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromPayload for T {
    fn from_payload(payload: Payload) -> Result<Self, PayloadError> {
        let json = payload.as_json();
        let json = json.ok_or_else(|| PayloadError::form("expected JSON, got binary data"))?;
        serde_json::from_str(json).map_err(|error| PayloadError::new(error.to_string()))
    }
}

#[diagnostic::do_not_recommend]
impl FromPayload for Binary {
    fn from_payload(payload: Payload) -> Result<Self, PayloadError> {
        match payload.kind {
            PayloadKind::Binary => Ok(Self(payload.bytes.into_bytes())),
            PayloadKind::Json => Err(PayloadError::form("expected binary data, got JSON")),
        }
    }
}

#[diagnostic::do_not_recommend]
impl FromPayload for Payload {
    fn from_payload(payload: Payload) -> Result<Self, PayloadError> {
        Ok(payload)
    }
}

/// How the bytes of a payload are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadKind {
    /// JSON text.
    Json,
    /// Bytes without further structure.
    Binary,
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::{Binary, Payload};

    #[derive(Deserialize, Debug, PartialEq)]
    struct NewMsg {
        body: String,
    }

    #[test]
    fn json_decodes_into_the_handlers_type() {
        let payload = Payload::json(&json!({ "body": "hi" })).unwrap();
        assert_eq!(payload.decode::<NewMsg>().unwrap(), NewMsg { body: "hi".into() });
    }

    #[test]
    fn a_wrong_payload_is_an_error_that_says_what_was_expected() {
        let missing = Payload::json(&json!({})).unwrap().decode::<NewMsg>().unwrap_err();
        assert!(missing.to_string().contains("body"), "{missing}");
        let binary = Payload::binary(vec![1]).decode::<NewMsg>().unwrap_err();
        assert!(binary.to_string().contains("binary"), "{binary}");
        assert!(Payload::json(&1).unwrap().decode::<Binary>().is_err());
    }
}
