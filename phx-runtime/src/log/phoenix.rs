//! Lines about Phoenix nodes, and what is counted of them.

use std::fmt::Display;

use super::{
    counted::{Counted, add, gauge},
    shown::Shown,
};

const DROPPED: Counted = Counted("phx_phoenix_dropped_total");

pub(crate) fn phoenix_connected(node: impl Display) {
    gauge("phx_phoenix_connected", 1);
    line!(info, "Joined the Phoenix cluster"; node = Shown::text(node));
}

pub(crate) fn phoenix_lost(error: impl Display) {
    gauge("phx_phoenix_connected", 0);
    add("phx_phoenix_disconnects_total", 1);
    line!(
        warn, "Lost Redis, over which Phoenix nodes talk; clients of this node go on among themselves";
        error = Shown::text(error),
    );
}

pub(crate) fn phoenix_sent(messages: usize, is_sent: bool) {
    if is_sent {
        add("phx_phoenix_sent_total", messages);
    } else {
        DROPPED.count("connection_lost", messages);
    }
}

/// A message of another node, for this one: a broadcast, one of presences, or one for the processes
/// of an Elixir application.
pub(crate) fn phoenix_received(kind: &'static str) {
    metrics::counter!("phx_phoenix_received_total", "kind" => kind).increment(1);
}

/// A message of another version or of another shape, which Phoenix takes no notice of either.
pub(crate) fn phoenix_ignored() {
    DROPPED.count("ignored", 1);
}

pub(crate) fn phoenix_unreadable(error: impl Display, is_news: bool) {
    DROPPED.count("unreadable", 1);
    if is_news {
        line!(
            warn, "Dropped what is no message of a Phoenix node";
            reason = "unreadable", error = Shown::text(error),
        );
    }
}

/// A broadcast of another node that has no JSON form.
pub(crate) fn phoenix_without_json(topic: &str, event: &str, error: impl Display, is_news: bool) {
    DROPPED.count("without_json", 1);
    if is_news {
        line!(
            warn, "Dropped a broadcast of a Phoenix node, which has no JSON form";
            topic = Shown::name(topic), event = Shown::name(event), reason = "without_json",
            error = Shown::text(error),
        );
    }
}

/// A broadcast of this node that would do harm. Whoever made it is told.
pub(crate) fn phoenix_unsendable() {
    DROPPED.count("unsendable", 1);
}

pub(crate) fn phoenix_outgoing_full(is_news: bool) {
    DROPPED.count("outgoing_full", 1);
    if is_news {
        line!(
            warn, "Dropping messages for Phoenix nodes: too much waits for Redis";
            reason = "outgoing_full",
        );
    }
}

pub(crate) fn phoenix_outgoing_expired(messages: usize) {
    if messages > 0 {
        DROPPED.count("outgoing_expired", messages);
        line!(
            debug, "Dropped messages for Phoenix nodes, which have waited too long for Redis";
            messages = messages, reason = "outgoing_expired",
        );
    }
}

pub(crate) fn phoenix_nodes(nodes: usize) {
    gauge("phx_phoenix_nodes", nodes);
    line!(debug, "Other nodes that have presences"; nodes = nodes);
}

pub(crate) fn phoenix_presences(presences: usize) {
    gauge("phx_phoenix_presences", presences);
}

/// A presence of another node that clients cannot be shown.
pub(crate) fn phoenix_presence_unusable(error: impl Display, is_news: bool) {
    DROPPED.count("unusable_presence", 1);
    if is_news {
        line!(
            warn, "Left out a presence of a Phoenix node, which clients cannot be shown";
            reason = "unusable_presence", error = Shown::text(error),
        );
    }
}

pub(crate) fn phoenix_too_many_nodes(is_news: bool) {
    DROPPED.count("too_many_nodes", 1);
    if is_news {
        line!(
            warn, "Taking no notice of nodes: there are too many that have presences";
            reason = "too_many_nodes",
        );
    }
}

/// A presence of this node that Phoenix nodes are not told of.
pub(crate) fn phoenix_presence_unsendable(topic: &str, key: &str, error: impl Display) {
    DROPPED.count("unsendable_presence", 1);
    line!(
        warn, "Phoenix nodes are not told of a presence, which they could not read";
        topic = Shown::name(topic), key = Shown::name(key), reason = "unsendable_presence",
        error = Shown::text(error),
    );
}

/// What the presences of this node say is more than Redis carries.
pub(crate) fn phoenix_presences_too_large(bytes: usize) {
    DROPPED.count("presences_too_large", 1);
    line!(
        warn, "Phoenix nodes are not told of presences, which are too many for one message";
        bytes = bytes, reason = "presences_too_large",
    );
}
