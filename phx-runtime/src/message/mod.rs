//! The words that everybody uses: what is sent, to whom, and why something ends.

mod event;
mod fault;
mod info;
mod part;
mod payload;
mod reason;
mod to_payload;
mod topic;
mod typed_event;

pub use self::{
    event::{Event, EventName},
    fault::{Failure, Fault, FromFailure, OrFault},
    info::Info,
    payload::{
        Binary, EncodeError, FromPayload, Payload, PayloadError, PayloadErrorKind, PayloadKind,
    },
    reason::{FromReason, Reason, ReasonText, Why},
    to_payload::ToPayload,
    topic::{Topic, TopicName, TopicPart},
    typed_event::{ListedEvent, TypedEvent},
};
pub(crate) use self::{fault::caught, to_payload::written};
