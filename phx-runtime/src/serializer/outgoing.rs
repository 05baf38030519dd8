//! Messages to clients.

use super::{message::PROTOCOL, message_ref::MessageRef};
use crate::message::{Payload, PayloadKind};

/// A message to a client, borrowed from whoever sends it; what a
/// [`Serializer`](super::Serializer) encodes.
///
/// ```
/// use phx_runtime::{Payload, json, serializer::{MessageRef, Outgoing, OutgoingKind}};
///
/// let (payload, reference) = (Payload::json(&json!({ "n": 1 }))?, MessageRef::from("7"));
/// let reply = Outgoing::reply("room:lobby", Some(&reference), "ok", &payload);
/// assert_eq!((reply.kind(), reply.event()), (OutgoingKind::Reply, "phx_reply"));
/// assert_eq!((reply.status(), reply.payload()), (Some("ok"), &br#"{"n":1}"#[..]));
/// # Ok::<(), phx_runtime::channel::EncodeError>(())
/// ```
///
/// Phoenix counterparts: `Phoenix.Socket.Message`, `Phoenix.Socket.Reply` and
/// `Phoenix.Socket.Broadcast`.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub(crate) join_ref: Option<&'a MessageRef>,
    pub(crate) reference: Option<&'a MessageRef>,
    pub(crate) topic: &'a str,
    pub(crate) body: Body<'a>,
    pub(crate) payload_kind: PayloadKind,
    pub(crate) payload: &'a [u8],
}

/// What sort of message it is, with what only this sort has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    Push { event: &'a str },
    Reply { status: &'a str },
    Heartbeat,
    Broadcast { event: &'a str },
    End { end: ChannelEnd, joined_with: Option<&'a MessageRef> },
}

/// What sort of message goes to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutgoingKind {
    /// An event pushed to one client.
    Push,
    /// The answer to a message.
    Reply,
    /// The answer to a heartbeat; otherwise a reply like others.
    Heartbeat,
    /// An event for all subscribers of a topic.
    Broadcast,
    /// A channel is over.
    End(ChannelEnd),
}

/// How a channel is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelEnd {
    /// It was left, or stopped by itself: `phx_close`.
    Closed,
    /// The client has joined its topic anew, which it knows by now: `phx_close`.
    Replaced,
    /// It failed, at which clients join again: `phx_error`.
    Failed,
}

impl<'a> Outgoing<'a> {
    /// An event pushed to one client.
    pub fn push(topic: &'a str, event: &'a str, payload: &'a Payload) -> Self {
        Self::of(topic, Body::Push { event }, payload)
    }

    /// An event for all subscribers of a topic.
    pub fn broadcast(topic: &'a str, event: &'a str, payload: &'a Payload) -> Self {
        Self::of(topic, Body::Broadcast { event }, payload)
    }

    /// The answer to the message with this ref.
    pub fn reply(
        topic: &'a str,
        reference: Option<&'a MessageRef>,
        status: &'a str,
        payload: &'a Payload,
    ) -> Self {
        Self { reference, ..Self::of(topic, Body::Reply { status }, payload) }
    }

    /// Tells that a channel is over, which was joined with this ref or `join_ref`.
    ///
    /// Phoenix counterpart: `Phoenix.Socket.Transport.on_exit_message/3`.
    pub fn end(topic: &'a str, join_ref: Option<&'a MessageRef>, end: ChannelEnd) -> Self {
        Self::ended(join_ref, join_ref, topic, end)
    }

    /// With the join that it belongs to.
    pub fn with_join_ref(self, join_ref: Option<&'a MessageRef>) -> Self {
        Self { join_ref, ..self }
    }

    fn of(topic: &'a str, body: Body<'a>, payload: &'a Payload) -> Self {
        let Payload { kind, bytes } = payload;
        Self { join_ref: None, reference: None, topic, body, payload_kind: *kind, payload: bytes }
    }

    pub(crate) fn pushed(
        join_ref: Option<&'a MessageRef>,
        topic: &'a str,
        event: &'a str,
        payload_kind: PayloadKind,
        payload: &'a [u8],
    ) -> Self {
        let body = Body::Push { event };
        Self { join_ref, reference: None, topic, body, payload_kind, payload }
    }

    /// Answers a heartbeat.
    pub(crate) fn heartbeat(reference: Option<&'a MessageRef>) -> Self {
        Self {
            join_ref: None,
            reference,
            topic: PROTOCOL,
            body: Body::Heartbeat,
            payload_kind: PayloadKind::Json,
            payload: b"{}",
        }
    }

    /// The end of a channel carries the `join_ref` that the client stated in both places.
    pub(crate) fn ended(
        stated: Option<&'a MessageRef>,
        joined_with: Option<&'a MessageRef>,
        topic: &'a str,
        end: ChannelEnd,
    ) -> Self {
        let payload: &[u8] = match end {
            ChannelEnd::Closed | ChannelEnd::Replaced => b"{}",
            ChannelEnd::Failed => br#"{"reason":"channel_crash"}"#,
        };
        let body = Body::End { end, joined_with };
        let payload_kind = PayloadKind::Json;
        Self { join_ref: stated, reference: stated, topic, body, payload_kind, payload }
    }

    /// The join that the message belongs to; none for broadcasts.
    pub fn join_ref(&self) -> Option<&'a MessageRef> {
        self.join_ref
    }

    /// The ref of the message that is answered, or of the join that has ended; none otherwise.
    pub fn reference(&self) -> Option<&'a MessageRef> {
        self.reference
    }

    /// The topic.
    pub fn topic(&self) -> &'a str {
        self.topic
    }

    /// What sort of message it is.
    pub fn kind(&self) -> OutgoingKind {
        match self.body {
            Body::Push { .. } => OutgoingKind::Push,
            Body::Reply { .. } => OutgoingKind::Reply,
            Body::Heartbeat => OutgoingKind::Heartbeat,
            Body::Broadcast { .. } => OutgoingKind::Broadcast,
            Body::End { end, .. } => OutgoingKind::End(end),
        }
    }

    /// The event: `phx_reply` of answers, `phx_close` or `phx_error` where a channel is over.
    pub fn event(&self) -> &'a str {
        match self.body {
            Body::Push { event } | Body::Broadcast { event } => event,
            Body::Reply { .. } | Body::Heartbeat => "phx_reply",
            Body::End { end: ChannelEnd::Closed | ChannelEnd::Replaced, .. } => "phx_close",
            Body::End { end: ChannelEnd::Failed, .. } => "phx_error",
        }
    }

    /// The status of an answer, such as `ok`; none for all others. In the protocol's JSON the payload
    /// of an answer is `{"status":…,"response":…}`, with [`payload`](Self::payload) for the response.
    pub fn status(&self) -> Option<&'a str> {
        match self.body {
            Body::Reply { status } => Some(status),
            Body::Heartbeat => Some("ok"),
            Body::Push { .. } | Body::Broadcast { .. } | Body::End { .. } => None,
        }
    }

    /// Of the end of a channel, the ref that the client knows its join by: its `join_ref`, or the
    /// `ref` of the join where that had none.
    pub fn joined_with(&self) -> Option<&'a MessageRef> {
        match self.body {
            Body::End { joined_with, .. } => joined_with,
            _ => None,
        }
    }

    /// Whether the payload is JSON text or bytes.
    pub fn payload_kind(&self) -> PayloadKind {
        self.payload_kind
    }

    /// The payload, as [`payload_kind`](Self::payload_kind) says.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}
