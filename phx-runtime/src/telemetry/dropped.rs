//! Messages that reach nobody: each is logged, and all are counted.

use super::{Shown, TARGET};
use crate::channel::PayloadError;

/// Why a message was dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped<'a> {
    /// A reply that nobody asked for: to a message of the application, or, made by the runtime
    /// itself, to a client's message without a ref.
    UnaskedReply,
    /// An event that no handler takes, from a client that asked for no reply.
    UnmatchedEvent,
    /// A message of the application that no `#[handle_info]` takes.
    UnmatchedInfo,
    /// A broadcast whose payload its `#[handle_out]` does not take.
    InvalidBroadcast(&'a PayloadError),
    /// A message for a channel that the client has joined anew since. Clients that reconnect
    /// send such messages all the time.
    EarlierJoin,
}

impl Dropped<'_> {
    /// The label of the counter.
    const fn label(self) -> &'static str {
        match self {
            Self::UnaskedReply => "unasked_reply",
            Self::UnmatchedEvent => "unmatched_event",
            Self::UnmatchedInfo => "unmatched_info",
            Self::InvalidBroadcast(_) => "invalid_broadcast",
            Self::EarlierJoin => "earlier_join",
        }
    }
}

/// Logs and counts a message that is dropped. The counter is `phx_messages_dropped_total`, with the
/// label `reason`.
pub(crate) fn dropped(why: Dropped<'_>, topic: &str, event: Option<&str>) {
    let reason = why.label();
    metrics::counter!("phx_messages_dropped_total", "reason" => reason).increment(1);
    let (topic, event) = (Shown::name(topic), event.map(Shown::name));
    let (topic, event) = (topic.as_str(), event.as_ref().map(Shown::as_str));
    match why {
        Dropped::UnaskedReply => tracing::warn!(
            target: TARGET, topic, event, reason, "Dropped a reply that nobody asked for"
        ),
        Dropped::UnmatchedEvent => tracing::warn!(
            target: TARGET, topic, event, reason,
            "Dropped an event that has no handler, from a client that expects no reply"
        ),
        Dropped::UnmatchedInfo => tracing::warn!(
            target: TARGET, topic, event, reason,
            "Dropped a message that no `#[handle_info]` takes"
        ),
        Dropped::InvalidBroadcast(error) => tracing::warn!(
            target: TARGET, topic, event, reason, error = Shown::text(error).as_str(),
            "Dropped a broadcast that `#[handle_out]` cannot decode"
        ),
        Dropped::EarlierJoin => tracing::trace!(
            target: TARGET, topic, event, reason, "Dropped a message of an earlier join"
        ),
    }
}
