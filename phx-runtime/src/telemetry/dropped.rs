//! Messages that reach nobody: each is logged, and all are counted.

use super::TARGET;

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// A reply that nobody asked for: to a message of the application, or, made by the runtime
    /// itself, to a client's message without a ref.
    UnaskedReply,
    /// An event that no handler takes, from a client that asked for no reply.
    UnmatchedEvent,
    /// A message of the application that no `#[handle_info]` takes.
    UnmatchedInfo,
    /// A message for a channel that the client has joined anew since. Clients that reconnect
    /// send such messages all the time.
    EarlierJoin,
}

impl Dropped {
    /// The label of the counter.
    const fn label(self) -> &'static str {
        match self {
            Self::UnaskedReply => "unasked_reply",
            Self::UnmatchedEvent => "unmatched_event",
            Self::UnmatchedInfo => "unmatched_info",
            Self::EarlierJoin => "earlier_join",
        }
    }
}

/// Logs and counts a message that is dropped. The counter is `phx_messages_dropped_total`, with the
/// label `reason`.
pub(crate) fn dropped(why: Dropped, topic: &str, event: Option<&str>) {
    let reason = why.label();
    metrics::counter!("phx_messages_dropped_total", "reason" => reason).increment(1);
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
        Dropped::EarlierJoin => tracing::trace!(
            target: TARGET, topic, event, reason, "Dropped a message of an earlier join"
        ),
    }
}
