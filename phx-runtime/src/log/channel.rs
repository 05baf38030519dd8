//! Lines about joins, events and the ends of channels.

use std::time::Instant;

use super::{
    filter::FilterParameters,
    filtered::parameters,
    level::LogLevel,
    line::{Parameters, enabled, micros},
    shown::Shown,
};
use crate::message::{Fault, Payload, Topic};

/// Topics that Phoenix uses itself, such as that of the heartbeat, are not logged.
fn is_logged(level: LogLevel, topic: &str) -> bool {
    enabled(level) && !topic.starts_with("phoenix")
}

/// Which channel a line is about.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    /// The channel's type.
    pub(crate) channel: &'static str,
    pub(crate) topic: &'a str,
    /// What the socket's `#[id]` said.
    pub(crate) id: Option<&'a Topic>,
}

fn shown_id(id: Option<&Topic>) -> Option<Shown<'_>> {
    id.map(|id| Shown::name(id))
}

/// The line about a join, kept while the join is decided. A join that crashed has a line of its own.
pub(crate) struct JoinLine {
    level: LogLevel,
    params: Parameters,
    filter: FilterParameters,
    started: Instant,
}

impl JoinLine {
    /// None if the join will not be logged.
    pub(crate) fn new(
        level: LogLevel,
        topic: &str,
        params: &Payload,
        filter: &FilterParameters,
    ) -> Option<Self> {
        is_logged(level, topic).then(|| Self {
            level,
            params: parameters(params.as_json(), params.len(), filter),
            filter: filter.clone(),
            started: Instant::now(),
        })
    }

    pub(crate) fn joined(self, whose: Whose<'_>, socket: &'static str) {
        line!(
            self.level, "JOINED";
            topic = Shown::name(whose.topic),
            channel = whose.channel,
            socket = socket,
            id = shown_id(whose.id),
            duration_us = micros(self.started.elapsed()),
            params = self.params,
        );
    }

    /// The channel refused. The client got the response, of which secrets are hidden here.
    pub(crate) fn refused(self, whose: Whose<'_>, socket: &'static str, response: &Payload) {
        line!(
            self.level, "REFUSED JOIN";
            topic = Shown::name(whose.topic),
            channel = whose.channel,
            socket = socket,
            id = shown_id(whose.id),
            duration_us = micros(self.started.elapsed()),
            response = parameters(response.as_json(), response.bytes.len(), &self.filter),
            params = self.params,
        );
    }
}

/// The line about a handled event, prepared before the handler runs.
pub(crate) struct HandleInLine {
    level: LogLevel,
    channel: &'static str,
    topic: Shown<'static>,
    id: Option<Shown<'static>>,
    event: Shown<'static>,
    reference: Option<Shown<'static>>,
    params: Parameters,
    started: Instant,
}

impl HandleInLine {
    /// None if the event will not be logged.
    pub(crate) fn new(
        level: LogLevel,
        whose: Whose<'_>,
        event: &str,
        reference: Option<&str>,
        params: &Payload,
        filter: &FilterParameters,
    ) -> Option<Box<Self>> {
        is_logged(level, whose.topic).then(|| {
            Box::new(Self {
                level,
                channel: whose.channel,
                topic: Shown::name(whose.topic).into_owned(),
                id: shown_id(whose.id).map(Shown::into_owned),
                event: Shown::name(event).into_owned(),
                reference: reference.map(|reference| Shown::name(reference).into_owned()),
                params: parameters(params.as_json(), params.len(), filter),
                started: Instant::now(),
            })
        })
    }

    pub(crate) fn handled(self) {
        line!(
            self.level, "HANDLED";
            event = self.event,
            topic = self.topic,
            channel = self.channel,
            id = self.id,
            reference = self.reference,
            duration_us = micros(self.started.elapsed()),
            params = self.params,
        );
    }
}

/// Clients ask for whatever they like, and a typing error in `#[channels(..)]` looks the same.
pub(crate) fn unmatched_topic(topic: &Topic, id: Option<&Topic>, socket: &'static str) {
    line!(
        warn, "Ignoring unmatched topic: no pattern of the socket's channels matches it";
        topic = Shown::name(topic), socket = socket, id = shown_id(id),
    );
}

pub(crate) fn duplicate_join(topic: &Topic, id: Option<&Topic>, socket: &'static str) {
    line!(
        debug, "Duplicate join: the client's earlier channel is replaced";
        topic = Shown::name(topic), socket = socket, id = shown_id(id),
    );
}

pub(crate) fn too_many_channels(
    limit: usize,
    id: Option<&Topic>,
    topic: &Topic,
    socket: &'static str,
) {
    line!(
        error, "Refused a join: its connection has reached its limit of channels, `max_channels`";
        topic = Shown::name(topic), limit = limit, socket = socket, id = shown_id(id),
    );
}

pub(crate) fn names_too_long(limit: usize, id: Option<&Topic>, socket: &'static str) {
    line!(
        warn, "Refused a join: its topic or a ref has too many bytes";
        limit = limit, socket = socket, id = shown_id(id),
    );
}

/// A client's message came earlier than the option allows, and is not handled.
pub(crate) fn rate_limited(
    option: &'static str,
    topic: &str,
    id: Option<&Topic>,
    socket: &'static str,
) {
    metrics::counter!("phx_messages_rate_limited_total", "limit" => option).increment(1);
    line!(
        debug, "Refused a message: its client sends more than `option` allows";
        option = option, topic = Shown::name(topic), socket = socket, id = shown_id(id),
    );
}

/// An invalid frame ends its connection.
pub(crate) fn malformed_message(
    error: impl std::fmt::Display,
    id: Option<&Topic>,
    socket: &'static str,
) {
    line!(
        debug, "Closing a connection: its client sent an invalid message";
        error = Shown::text(error), socket = socket, id = shown_id(id),
    );
}

/// A `#[join]` returned a fault or panicked. The client is told `join crashed`.
pub(crate) fn join_failed(whose: Whose<'_>, fault: &Fault) {
    line!(
        error, "a join failed";
        topic = Shown::name(whose.topic),
        channel = whose.channel,
        id = shown_id(whose.id),
        fault = Shown::text(fault),
    );
}

/// A callback returned a fault or panicked, or something that its channel sent failed. The channel
/// ends with `phx_error`.
///
/// `callback` is the mark without its `#[]`, or says who else had the channel.
pub(crate) fn channel_failed(
    whose: Whose<'_>,
    callback: &'static str,
    event: Option<&str>,
    fault: &Fault,
) {
    line!(
        error, "a channel failed";
        topic = Shown::name(whose.topic),
        channel = whose.channel,
        callback = callback,
        event = event.map(Shown::name),
        id = shown_id(whose.id),
        fault = Shown::text(fault),
    );
}

/// A `#[terminate]` takes more than its time. The channel is dropped where it stands.
pub(crate) fn channel_abandoned(whose: Whose<'_>) {
    line!(
        warn, "a channel's terminate took too long and was abandoned";
        topic = Shown::name(whose.topic),
        channel = whose.channel,
        id = shown_id(whose.id),
    );
}
