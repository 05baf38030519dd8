//! Lines about presences, and what is counted of them.

use std::fmt::Display;

use super::{counted::Counted, shown::Shown};

const REPAIRS: Counted = Counted("phx_presence_repairs_total");

const DROPPED: Counted = Counted("phx_presence_dropped_total");

pub(crate) fn presence_fetch_panicked(topic: &str) {
    line!(error, "the fetch hook of a presence panicked"; topic = Shown::name(topic));
}

pub(crate) fn presence_unsendable(topic: &str, event: &str, error: impl Display) {
    line!(
        error, "a change of presences was not sent";
        topic = Shown::name(topic), event = Shown::name(event), error = Shown::text(error),
    );
}

pub(crate) fn metas_kept() {
    line!(warn, "a fetch hook cannot replace the `metas` of a presence");
}

/// Changes of another node are missing.
pub(crate) fn presence_behind(node: impl Display) {
    REPAIRS.count("missed", 1);
    line!(debug, "Asked a node for presences that were missed"; node = Shown::text(node));
}

/// No lost message explains it.
pub(crate) fn presence_differs(node: impl Display) {
    REPAIRS.count("differs", 1);
    line!(
        warn, "Asked a node for all its presences: what was known of them was wrong";
        node = Shown::text(node),
    );
}

pub(crate) fn presence_node_gone(node: impl Display, presences: usize) {
    line!(info, "Presences of a node left with it"; node = Shown::text(node), presences = presences);
}

pub(crate) fn presence_too_much(node: impl Display) {
    DROPPED.count("too_much", 1);
    line!(
        warn, "Not all presences of a node are known here: they take too much memory";
        node = Shown::text(node), reason = "too_much",
    );
}

pub(crate) fn presence_too_large(topic: &str, key: &str) {
    DROPPED.count("too_large", 1);
    line!(
        warn, "Other nodes do not know of a presence: its meta, key or topic is too large";
        topic = Shown::name(topic), key = Shown::name(key), reason = "too_large",
    );
}

pub(crate) fn presence_untold(error: impl Display) {
    DROPPED.count("unsendable", 1);
    line!(
        warn, "A message about presences was not sent to other nodes";
        error = Shown::text(error), reason = "unsendable",
    );
}

pub(crate) fn presence_inbox_full(is_news: bool) {
    DROPPED.count("inbox_full", 1);
    if is_news {
        line!(
            warn, "Dropping messages about presences, which are asked for again: there are too many";
            reason = "inbox_full",
        );
    }
}

pub(crate) fn presence_message_ignored(node: impl Display, why: impl Display, is_news: bool) {
    DROPPED.count("invalid", 1);
    if is_news {
        line!(
            warn, "Ignored a message about presences that no node of this kind sends";
            node = Shown::text(node), error = Shown::text(why), reason = "invalid",
        );
    }
}
