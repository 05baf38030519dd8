//! Lines about what the application sends to all, and about presence.

use std::fmt::Display;

use super::shown::Shown;

pub(crate) fn broadcast_failed(topic: &str, event: &str, error: impl Display) {
    line!(
        error, "a broadcast was not sent: its payload cannot be encoded";
        topic = Shown::name(topic), event = Shown::name(event), error = Shown::text(error),
    );
}

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
