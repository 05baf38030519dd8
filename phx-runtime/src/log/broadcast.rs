//! Lines about what the application sends to all.

use std::fmt::Display;

use super::shown::Shown;

pub(crate) fn broadcast_failed(topic: &str, event: &str, error: impl Display) {
    line!(
        error, "a broadcast was not sent: its payload cannot be encoded";
        topic = Shown::name(topic), event = Shown::name(event), error = Shown::text(error),
    );
}
