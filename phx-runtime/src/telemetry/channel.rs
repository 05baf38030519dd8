//! Lines about joins, events and the ends of channels.

use std::time::Instant;

use super::{Shown, TARGET, Took, enabled, filter_of, shown};
use crate::{
    channel::{ChannelKind, LogLevel, Payload, Topic},
    endpoint::Endpoint,
    error::Fault,
    serializer::Incoming,
    transport::settings::MountSettings,
};

/// Topics that Phoenix uses itself, such as that of the heartbeat, are not logged.
fn is_logged(level: LogLevel, topic: &str) -> bool {
    enabled(level) && !topic.starts_with("phoenix")
}

/// The line about a join, kept while the join is decided.
pub(crate) struct Joining {
    params: Payload,
    started: Instant,
}

impl Joining {
    /// None if the join will not be logged.
    pub(crate) fn new(kind: &ChannelKind, topic: &str, params: &Payload) -> Option<Self> {
        let logged = is_logged(kind.options.log_join, topic);
        logged.then(|| Self { params: params.clone(), started: Instant::now() })
    }

    /// The channel decided. A join that crashed has a line of its own.
    pub(crate) fn decided(
        self,
        kind: &ChannelKind,
        mount: &MountSettings,
        endpoint: &Endpoint,
        topic: &Topic,
        accepted: bool,
    ) {
        let filter = filter_of(kind.options.filter_parameters.as_ref(), mount, endpoint);
        let params = shown(&self.params, filter);
        let took = Took(self.started.elapsed());
        let what = if accepted { "JOINED" } else { "REFUSED JOIN" };
        let topic = Shown::name(topic);
        log!(
            kind.options.log_join,
            topic = topic.as_str(),
            channel = kind.name,
            duration_us = took.micros(),
            params,
            "{what} {topic} in {took}\n  Parameters: {params}"
        );
    }
}

/// The line about a handled event, prepared before the handler runs.
pub(crate) struct HandleIn {
    level: LogLevel,
    channel: &'static str,
    topic: Shown<'static>,
    event: Shown<'static>,
    reference: Option<Shown<'static>>,
    params: String,
    started: Instant,
}

impl HandleIn {
    /// None if the event will not be logged.
    pub(crate) fn new(
        kind: &ChannelKind,
        mount: &MountSettings,
        endpoint: &Endpoint,
        message: &Incoming,
    ) -> Option<Box<Self>> {
        let level = kind.options.log_handle_in;
        if !is_logged(level, &message.topic) {
            return None;
        }
        let filter = filter_of(kind.options.filter_parameters.as_ref(), mount, endpoint);
        let reference = message.reference.as_ref().map(|it| Shown::name(it.as_str()));
        Some(Box::new(Self {
            level,
            channel: kind.name,
            topic: Shown::name(&message.topic).into_owned(),
            event: Shown::name(&message.event).into_owned(),
            reference: reference.map(Shown::into_owned),
            params: shown(&message.payload, filter),
            started: Instant::now(),
        }))
    }

    pub(crate) fn handled(self) {
        let Self { level, channel, topic, event, reference, params, started } = self;
        let took = Took(started.elapsed());
        log!(
            level,
            topic = topic.as_str(),
            event = event.as_str(),
            channel,
            reference = reference.as_ref().map(Shown::as_str),
            duration_us = took.micros(),
            params,
            "HANDLED {event} INCOMING ON {topic} ({channel}) in {took}\n  \
             Parameters: {params}"
        );
    }
}

pub(crate) fn unmatched_topic(topic: &Topic, socket: &'static str) {
    let topic = Shown::name(topic);
    let topic = topic.as_str();
    tracing::warn!(target: TARGET, topic, socket, "Ignoring unmatched topic \"{topic}\" in {socket}");
}

pub(crate) fn duplicate_join(topic: &Topic, socket: &'static str) {
    let topic = Shown::name(topic);
    let topic = topic.as_str();
    tracing::debug!(
        target: TARGET, topic, socket,
        "Duplicate join of \"{topic}\" in {socket}: the channel is replaced"
    );
}

pub(crate) fn too_many_channels(
    limit: usize,
    id: Option<&Topic>,
    topic: &Topic,
    socket: &'static str,
) {
    let (id, topic) = (id.map(|id| Shown::name(id)), Shown::name(topic));
    let (id, topic) = (id.as_ref().map(Shown::as_str), topic.as_str());
    let whose = id.unwrap_or("none");
    tracing::error!(
        target: TARGET, limit, id, topic, socket,
        "Refused the join of \"{topic}\" in {socket}: this connection has reached its limit of \
         {limit} channels (socket id: \"{whose}\")"
    );
}

pub(crate) fn names_too_long(limit: usize, id: Option<&Topic>, socket: &'static str) {
    let id = id.map(|id| Shown::name(id));
    let id = id.as_ref().map(Shown::as_str);
    tracing::warn!(
        target: TARGET, limit, id, socket,
        "Refused a join in {socket}: its topic or a ref has more than {limit} bytes"
    );
}

pub(crate) fn join_crashed(topic: &Topic, fault: &Fault) {
    let (topic, fault) = (Shown::name(topic), Shown::text(fault));
    let (topic, fault) = (topic.as_str(), fault.as_str());
    tracing::error!(target: TARGET, topic, fault, "a join failed");
}

pub(crate) fn channel_failed(topic: &Topic, id: Option<&Topic>, fault: &Fault) {
    let (topic, id) = (Shown::name(topic), id.map(|id| Shown::name(id)));
    let (topic, id) = (topic.as_str(), id.as_ref().map(Shown::as_str));
    let fault = Shown::text(fault);
    let fault = fault.as_str();
    tracing::error!(target: TARGET, topic, id, fault, "a channel failed");
}

pub(crate) fn terminate_abandoned(topic: &Topic, id: Option<&Topic>) {
    let (topic, id) = (Shown::name(topic), id.map(|id| Shown::name(id)));
    let (topic, id) = (topic.as_str(), id.as_ref().map(Shown::as_str));
    tracing::warn!(
        target: TARGET, topic, id, "a channel's terminate took too long and was abandoned"
    );
}
