//! Messages that reach nobody: each is logged, and all are counted.

use std::fmt::Display;

use super::{channel::Whose, counted::Counted, shown::Shown};
use crate::message::PayloadError;

/// Why a message was dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped<'a> {
    /// A reply that nobody asked for: to a message of the application, or, made by the runtime
    /// itself, to a client's message without a ref.
    UnaskedReply,
    /// An event that no handler takes, from a client that asked for no reply.
    UnmatchedEvent,
    /// A message of the application, of this type, that no `#[handle_info]` takes.
    UnmatchedInfo(&'static str),
    /// A broadcast whose payload its `#[handle_out]` does not take.
    InvalidBroadcast(&'a PayloadError),
    /// A message for a channel that the client has joined anew since. Clients that reconnect
    /// send such messages all the time.
    EarlierJoin,
}

const DROPPED: Counted = Counted("phx_messages_dropped_total");

/// Logs and counts a message of one channel that is dropped.
pub(crate) fn dropped(why: Dropped<'_>, whose: Whose<'_>, event: Option<&str>) {
    let (topic, channel) = (|| Shown::name(whose.topic), whose.channel);
    let (event, id) = (|| event.map(Shown::name), || whose.id.map(|id| Shown::name(id)));
    match why {
        Dropped::UnaskedReply => {
            DROPPED.count("unasked_reply", 1);
            line!(
                warn, "Dropped a reply that nobody asked for";
                topic = topic(), event = event(), channel = channel, id = id(),
                reason = "unasked_reply",
            );
        }
        Dropped::UnmatchedEvent => {
            DROPPED.count("unmatched_event", 1);
            line!(
                warn, "Dropped an event that has no handler, from a client that expects no reply";
                topic = topic(), event = event(), channel = channel, id = id(),
                reason = "unmatched_event",
            );
        }
        Dropped::UnmatchedInfo(message_type) => {
            DROPPED.count("unmatched_info", 1);
            line!(
                warn, "Dropped a message that no `#[handle_info]` takes";
                topic = topic(), message_type = message_type, channel = channel, id = id(),
                reason = "unmatched_info",
            );
        }
        Dropped::InvalidBroadcast(error) => {
            DROPPED.count("invalid_broadcast", 1);
            line!(
                warn, "Dropped a broadcast that `#[handle_out]` cannot decode";
                topic = topic(), event = event(), channel = channel, id = id(),
                reason = "invalid_broadcast", error = Shown::text(error),
            );
        }
        Dropped::EarlierJoin => {
            DROPPED.count("earlier_join", 1);
            line!(
                trace, "Dropped a message of an earlier join";
                topic = topic(), event = event(), channel = channel, id = id(),
                reason = "earlier_join",
            );
        }
    }
}

/// A broadcast does not fit into a protocol, so that no subscriber who speaks it gets it.
pub(crate) fn unsendable_broadcast(
    topic: &str,
    event: &str,
    serializer: impl Display,
    error: impl Display,
) {
    DROPPED.count("unsendable_broadcast", 1);
    line!(
        warn, "Dropped a broadcast for all clients of this serializer";
        topic = Shown::name(topic), event = Shown::name(event),
        serializer = Shown::text(serializer), reason = "unsendable_broadcast",
        error = Shown::text(error),
    );
}

/// A message for a connection with channels that is for none of them.
pub(crate) fn unheard_info(message_type: &'static str, socket: &'static str) {
    DROPPED.count("unmatched_info", 1);
    line!(
        warn, "Dropped a message that was sent to a connection and is for none of its channels";
        message_type = message_type, socket = socket, reason = "unmatched_info",
    );
}

/// A message for a connection without channels that its socket has no handler for.
pub(crate) fn unheard_by_socket(message_type: &'static str, socket: &'static str) {
    DROPPED.count("unmatched_info", 1);
    line!(
        warn, "Dropped a message that was sent to a socket and has no handler there";
        message_type = message_type, socket = socket, reason = "unmatched_info",
    );
}

/// What the session itself says does not fit into what its client speaks.
pub(crate) fn unsendable_message(
    topic: &str,
    event: &str,
    serializer: impl Display,
    error: impl Display,
) {
    DROPPED.count("unsendable_message", 1);
    line!(
        warn, "Dropped a message that the client's serializer cannot write";
        topic = Shown::name(topic), event = Shown::name(event),
        serializer = Shown::text(serializer), reason = "unsendable_message",
        error = Shown::text(error),
    );
}

/// A [`Subscription`](crate::pubsub::Subscription) is full; its reader is told how many it missed.
pub(crate) fn missed_broadcast(topic: &str, is_first: bool) {
    DROPPED.count("missed_broadcast", 1);
    if is_first {
        line!(
            warn, "Dropping broadcasts: a subscription is full until its task reads on";
            topic = Shown::name(topic), reason = "missed_broadcast",
        );
    }
}

/// So many messages of the application, or broadcasts for `#[handle_out]`, wait for a connection that
/// it is closed; which is logged when it ends.
#[cold]
pub(crate) fn overflowed() {
    DROPPED.count("overflow", 1);
}

/// Long-poll carries text alone.
pub(crate) fn binary_over_long_poll(messages: usize) {
    if messages == 0 {
        return;
    }
    DROPPED.count("binary_over_long_poll", messages);
    line!(
        warn, "Dropped binary messages, which cannot be sent over long-poll";
        messages = messages, reason = "binary_over_long_poll",
    );
}

/// The test kit's client was sent an invalid message.
pub(crate) fn unreadable_frame(length: usize) {
    line!(warn, "a socket under test sent an invalid message"; bytes = length);
}
