//! What is logged: the lines of Phoenix's logger, with the same facts as structured fields.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    channel::{ChannelKind, LogLevel, Member, Payload, Topic},
    endpoint::Endpoint,
    error::Fault,
    params::FilterParameters,
    serializer::{Incoming, MessageRef, Version},
    transport::{ConnectError, Mount, Params, TransportKind},
};

/// `tracing`'s macros want their level while compiling.
macro_rules! log {
    ($level:expr, $($what:tt)*) => {
        match $level {
            LogLevel::Off => {}
            LogLevel::Error => tracing::error!($($what)*),
            LogLevel::Warn => tracing::warn!($($what)*),
            LogLevel::Info => tracing::info!($($what)*),
            LogLevel::Debug => tracing::debug!($($what)*),
            LogLevel::Trace => tracing::trace!($($what)*),
        }
    };
}

fn enabled(level: LogLevel) -> bool {
    match level {
        LogLevel::Off => false,
        LogLevel::Error => tracing::enabled!(tracing::Level::ERROR),
        LogLevel::Warn => tracing::enabled!(tracing::Level::WARN),
        LogLevel::Info => tracing::enabled!(tracing::Level::INFO),
        LogLevel::Debug => tracing::enabled!(tracing::Level::DEBUG),
        LogLevel::Trace => tracing::enabled!(tracing::Level::TRACE),
    }
}

/// Milliseconds from one millisecond on, microseconds below, as Phoenix prints durations.
struct Took(Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        if micros > 1000 { write!(f, "{}ms", micros / 1000) } else { write!(f, "{micros}µs") }
    }
}

/// A payload as the log shows it.
fn shown(payload: &Payload, filter: &FilterParameters) -> String {
    match payload.as_json().map(serde_json::from_str::<Value>) {
        Some(Ok(value)) => filter.apply(&value).to_string(),
        Some(Err(_)) => "<nested too deeply>".to_owned(),
        None => format!("{payload:?}"),
    }
}

/// The line about a connection.
pub(crate) struct Connect {
    level: LogLevel,
    socket: &'static str,
    transport: TransportKind,
    version: Version,
    params: String,
}

impl Connect {
    pub(crate) fn new(
        socket: &'static str,
        mount: &Mount,
        endpoint: &Endpoint,
        transport: TransportKind,
        version: Version,
        params: &Params,
    ) -> Self {
        let params = if enabled(mount.log) {
            let filter = mount.filter_parameters.as_ref();
            let pairs: serde_json::Map<_, _> =
                params.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            filter.unwrap_or(endpoint.filter_parameters()).apply(&pairs.into()).to_string()
        } else {
            String::new()
        };
        Self { level: mount.log, socket, transport, version, params }
    }

    pub(crate) fn connected(self, took: Duration, refused: Option<&ConnectError>) {
        let Self { level, socket, transport, version, params } = self;
        let took = Took(took);
        match refused {
            None => log!(
                level, %transport, serializer = %version, %params,
                "CONNECTED TO {socket} in {took}\n  Transport: {transport}\n  \
                 Serializer: {version}\n  Parameters: {params}"
            ),
            Some(error) if error.is_fault() => tracing::error!(
                %transport, %error, "connecting to {socket} failed"
            ),
            Some(error) => log!(
                level, %transport, serializer = %version, %params, reason = %error,
                "REFUSED CONNECTION TO {socket} in {took}\n  Transport: {transport}\n  \
                 Serializer: {version}\n  Parameters: {params}"
            ),
        }
    }
}

/// Whether a join of this kind will be logged, so that its parameters are worth keeping.
pub(crate) fn wants_join(kind: &ChannelKind) -> bool {
    enabled(kind.options.log_join)
}

pub(crate) fn joined(
    kind: &ChannelKind,
    endpoint: &Endpoint,
    member: &Member,
    started: Instant,
    params: Option<Payload>,
    accepted: bool,
) {
    let Some(params) = params else { return };
    let filter = kind.options.filter_parameters.as_ref();
    let params = shown(&params, filter.unwrap_or(endpoint.filter_parameters()));
    let (took, topic) = (Took(started.elapsed()), &member.topic);
    let what = if accepted { "JOINED" } else { "REFUSED JOIN" };
    log!(
        kind.options.log_join, %topic, channel = kind.name, %params,
        "{what} {topic} in {took}\n  Parameters: {params}"
    );
}

/// The line about a handled event, prepared before the handler runs.
pub(crate) struct HandleIn {
    level: LogLevel,
    channel: &'static str,
    topic: String,
    event: String,
    reference: Option<MessageRef>,
    params: String,
    started: Instant,
}

impl HandleIn {
    pub(crate) fn new(
        kind: &ChannelKind,
        endpoint: &Endpoint,
        message: &Incoming,
    ) -> Option<Box<Self>> {
        let level = kind.options.log_handle_in;
        if !enabled(level) || message.topic.starts_with("phoenix") {
            return None;
        }
        let filter = kind.options.filter_parameters.as_ref();
        Some(Box::new(Self {
            level,
            channel: kind.name,
            topic: message.topic.to_string(),
            event: message.event.to_string(),
            reference: message.reference.clone(),
            params: shown(&message.payload, filter.unwrap_or(endpoint.filter_parameters())),
            started: Instant::now(),
        }))
    }

    pub(crate) fn handled(self) {
        let Self { level, channel, topic, event, reference, params, started } = self;
        let took = Took(started.elapsed());
        log!(
            level, %topic, %event, channel, ?reference, %params,
            "HANDLED {event} INCOMING ON {topic} ({channel}) in {took}\n  Parameters: {params}"
        );
    }
}

pub(crate) fn unmatched_topic(topic: &Topic) {
    tracing::warn!(%topic, "Ignoring unmatched topic {topic:?}");
}

pub(crate) fn too_many_channels(limit: usize, id: Option<&Topic>) {
    tracing::error!(limit, id = id.map(Topic::as_str), "a connection reached its channel limit");
}

pub(crate) fn join_crashed(topic: &Topic, fault: &Fault) {
    tracing::error!(%topic, %fault, "a join failed");
}

pub(crate) fn channel_failed(topic: &Topic, id: Option<&Topic>, fault: &Fault) {
    tracing::error!(%topic, id = id.map(Topic::as_str), %fault, "a channel failed");
}

pub(crate) fn unasked_reply(topic: &Topic) {
    tracing::warn!(%topic, "dropped a reply to a message that had no ref");
}
