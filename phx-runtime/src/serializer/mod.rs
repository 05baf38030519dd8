//! Between bytes and messages: the protocol's versions, those of older clients, and serializers of
//! the application's own.
//!
//! A mount speaks a list of [`Protocol`]s, of which each client chooses one by its `vsn`. The built-in
//! [`Version`]s are what current clients speak; [`Serializer`] is the trait of all others. What
//! travels is a [`Message`] from the client and an [`Outgoing`] one to it.

mod codec;
mod contract;
mod decode_error;
mod json;
mod message;
mod message_ref;
mod older;
mod outgoing;
mod plugged;
mod protocol;
mod requirement;
mod v1;
mod v2;
mod version;

pub(crate) use self::{
    codec::Codec,
    message::ClientMessage,
    plugged::Plugged,
    protocol::{LongPollForm, VersionError},
};
pub use self::{
    contract::Serializer,
    decode_error::{DecodeError, DecodeErrorKind},
    message::Message,
    message_ref::MessageRef,
    outgoing::{ChannelEnd, Outgoing, OutgoingKind},
    protocol::{Protocol, Speakable},
    version::Version,
};
