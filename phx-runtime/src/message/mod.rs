//! The words that everybody uses: what is sent, to whom, and why something ends.

mod event;
mod fault;
mod info;
mod payload;
mod reason;
mod topic;

pub use self::{
    event::Event,
    fault::{Failure, Fault},
    info::Info,
    payload::{Binary, EncodeError, FromPayload, IntoPayload, Payload, PayloadError, PayloadKind},
    reason::{FromReason, Reason},
    topic::{Topic, TopicPart},
};
pub(crate) use self::{fault::caught, payload::Encoded};
