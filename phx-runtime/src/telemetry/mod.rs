//! What is logged and counted: the lines of Phoenix's logger, with the same facts as structured
//! fields.
//!
//! All lines have the target `phx_runtime::telemetry`, so that a subscriber can turn them off
//! together. What a line shows is not even formatted while its level is off.
//!
//! Texts of clients are [`Shown`]: nobody can write a line of their own into the log, or a long one.

use std::{fmt, time::Duration};

use bytes::Bytes;

use crate::{
    channel::{LogLevel, Payload},
    endpoint::Endpoint,
    params::FilterParameters,
    transport::settings::MountSettings,
};

const TARGET: &str = "phx_runtime::telemetry";

/// `tracing`'s macros want their level while compiling.
macro_rules! log {
    ($level:expr, $($what:tt)*) => {
        match $level {
            LogLevel::Off => {}
            LogLevel::Error => tracing::error!(target: TARGET, $($what)*),
            LogLevel::Warn => tracing::warn!(target: TARGET, $($what)*),
            LogLevel::Info => tracing::info!(target: TARGET, $($what)*),
            LogLevel::Debug => tracing::debug!(target: TARGET, $($what)*),
            LogLevel::Trace => tracing::trace!(target: TARGET, $($what)*),
        }
    };
}

mod channel;
mod connect;
mod dropped;
mod filtered;
mod shown;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    channel::{
        HandleIn, Joining, channel_failed, duplicate_join, join_crashed, names_too_long,
        terminate_abandoned, too_many_channels, unmatched_topic,
    },
    connect::{
        Connect, Draining, connect_failed, error_handler_failed, origin_refused, request,
        socket_panicked, subprotocols_refused, version_refused,
    },
    dropped::{Dropped, dropped},
    filtered::{JsonText, filtered},
    shown::Shown,
};

fn enabled(level: LogLevel) -> bool {
    match level {
        LogLevel::Off => false,
        LogLevel::Error => tracing::enabled!(target: TARGET, tracing::Level::ERROR),
        LogLevel::Warn => tracing::enabled!(target: TARGET, tracing::Level::WARN),
        LogLevel::Info => tracing::enabled!(target: TARGET, tracing::Level::INFO),
        LogLevel::Debug => tracing::enabled!(target: TARGET, tracing::Level::DEBUG),
        LogLevel::Trace => tracing::enabled!(target: TARGET, tracing::Level::TRACE),
    }
}

/// Milliseconds from one millisecond on, microseconds below, as Phoenix prints durations.
struct Took(Duration);

impl Took {
    fn micros(&self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.micros();
        if micros > 1000 { write!(f, "{}ms", micros / 1000) } else { write!(f, "{micros}µs") }
    }
}

/// What a channel, a socket or else the endpoint wants to have hidden.
fn filter_of<'a>(
    channel: Option<&'a FilterParameters>,
    mount: &'a MountSettings,
    endpoint: &'a Endpoint,
) -> &'a FilterParameters {
    channel.or(mount.filter_parameters.as_ref()).unwrap_or(endpoint.filter_parameters())
}

/// A payload as the log shows it.
fn shown(payload: &Payload, filter: &FilterParameters) -> String {
    match payload.as_json() {
        Some(json) => filtered(json, filter),
        None => format!("<{} bytes>", payload.as_binary().map_or(0, Bytes::len)),
    }
}
