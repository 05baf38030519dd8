//! Lines about Phoenix nodes, and what is counted of them.

use std::fmt::Display;

use super::shown::Shown;

/// Counts under `phx_phoenix_dropped_total`, with the label `reason`.
fn dropped(reason: &'static str) {
    metrics::counter!("phx_phoenix_dropped_total", "reason" => reason).increment(1);
}

/// A presence of this node that Phoenix nodes are not told of.
pub(crate) fn phoenix_presence_unsendable(topic: &str, key: &str, error: impl Display) {
    dropped("unsendable_presence");
    line!(
        warn, "Phoenix nodes are not told of a presence, which they could not read";
        topic = Shown::name(topic), key = Shown::name(key), reason = "unsendable_presence",
        error = Shown::text(error),
    );
}
