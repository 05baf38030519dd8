//! Lines about the other nodes, and what is counted of them.

use std::fmt::Display;

use super::{
    counted::{Counted, add, gauge},
    shown::Shown,
};

const DROPPED: Counted = Counted("phx_cluster_dropped_total");

pub(crate) fn cluster_connected(node: impl Display, engine: &'static str) {
    gauge("phx_cluster_connected", 1);
    line!(info, "Joined the cluster"; node = Shown::text(node), engine = engine);
}

pub(crate) fn cluster_lost(engine: &'static str, error: impl Display) {
    gauge("phx_cluster_connected", 0);
    add("phx_cluster_disconnects_total", 1);
    line!(
        warn, "Lost the engine between nodes; clients of this node go on among themselves";
        engine = engine, error = Shown::text(error),
    );
}

pub(crate) fn cluster_starts_alone(error: impl Display) {
    line!(
        warn, "Starts without the engine between nodes, and joins when it is there";
        error = Shown::text(error),
    );
}

pub(crate) fn cluster_left_too_slowly(engine: &'static str) {
    line!(warn, "Left the cluster without a goodbye: the engine took too long"; engine = engine);
}

pub(crate) fn cluster_node_up(node: impl Display, others: usize, has_namesake: bool) {
    gauge("phx_cluster_nodes", others);
    line!(info, "A node is there"; node = Shown::text(&node), others = others);
    if has_namesake {
        line!(
            warn, "Two nodes have the same name, unless one of them has just been started again";
            node = Shown::text(node),
        );
    }
}

pub(crate) fn cluster_node_down(node: impl Display, others: usize) {
    gauge("phx_cluster_nodes", others);
    line!(warn, "A node is gone"; node = Shown::text(node), others = others);
}

pub(crate) fn cluster_gap(node: impl Display, missed: u64, is_news: bool) {
    metrics::counter!("phx_cluster_missed_total").increment(missed);
    if is_news {
        line!(
            warn, "Messages of another node are lost";
            node = Shown::text(node), missed = missed,
        );
    }
}

pub(crate) fn cluster_sent(messages: usize, is_sent: bool) {
    if is_sent {
        add("phx_cluster_sent_total", messages);
    } else {
        DROPPED.count("connection_lost", messages);
    }
}

/// A broadcast of another node has come; whether it has subscribers here.
pub(crate) fn cluster_received(is_wanted: bool) {
    let wanted = if is_wanted { "yes" } else { "no" };
    metrics::counter!("phx_cluster_received_total", "wanted" => wanted).increment(1);
}

#[cold]
pub(crate) fn cluster_outbound_full(is_news: bool) {
    DROPPED.count("outbound_full", 1);
    if is_news {
        line!(
            warn, "Dropping messages for other nodes: too much waits for the engine";
            reason = "outbound_full",
        );
    }
}

pub(crate) fn cluster_outbound_expired(messages: usize) {
    if messages > 0 {
        DROPPED.count("outbound_expired", messages);
        line!(
            debug, "Dropped messages for other nodes, which have waited too long for the engine";
            messages = messages, reason = "outbound_expired",
        );
    }
}

#[cold]
pub(crate) fn cluster_inbox_full(is_news: bool) {
    DROPPED.count("inbox_full", 1);
    if is_news {
        line!(
            warn, "Dropping messages of other nodes: this one has too much to do";
            reason = "inbox_full",
        );
    }
}

pub(crate) fn cluster_node_gone(node: impl Display) {
    DROPPED.count("node_gone", 1);
    line!(
        debug, "Dropped a message for a node that is gone";
        node = Shown::text(node), reason = "node_gone",
    );
}

/// What arrived is not of a node of this cluster.
pub(crate) fn cluster_payload_ignored(why: impl Display, is_news: bool) {
    DROPPED.count("ignored", 1);
    if is_news {
        line!(
            warn, "Ignored what is not from this cluster, or of another version";
            reason = "ignored", error = Shown::text(why),
        );
    }
}
