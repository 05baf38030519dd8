//! Between bytes and messages: protocol versions 1 and 2.
//!
//! Encoders write whole WebSocket frames, headers included, because that is the form in which a
//! message waits in an outbox and is shared by all subscribers of a broadcast.

mod codec;
mod decode_error;
mod json;
mod message;
mod v1;
mod v2;
mod version;

#[cfg(any(test, fuzzing))]
pub(crate) use self::message::Body;
pub use self::version::Version;
pub(crate) use self::{
    decode_error::DecodeError,
    message::{ClientMessage, Incoming, MessageRef, Outgoing},
    version::VersionError,
};
