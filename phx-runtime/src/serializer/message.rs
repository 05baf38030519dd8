//! Messages from clients.

use smol_str::SmolStr;

use super::message_ref::MessageRef;
use crate::message::Payload;

/// A message from a client, whatever it was written in.
///
/// ```
/// use phx_runtime::{Payload, json, serializer::{Message, MessageRef}};
///
/// let join = Message::new("room:lobby", "phx_join", Payload::json(&json!({}))?)
///     .join_ref(Some("1".into()))
///     .reference(Some("1".into()));
/// assert_eq!(join.topic(), "room:lobby");
/// # Ok::<(), phx_runtime::channel::EncodeError>(())
/// ```
///
/// Phoenix counterpart: `Phoenix.Socket.Message`.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) join_ref: Option<MessageRef>,
    pub(crate) reference: Option<MessageRef>,
    pub(crate) topic: SmolStr,
    pub(crate) event: SmolStr,
    pub(crate) payload: Payload,
}

/// What a client wants with a message: the events that the protocol itself has, and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    /// A sign of life, in the topic that belongs to the protocol.
    Heartbeat,
    /// Asks what it may send, there as well.
    Limits,
    /// Joins the topic, for the first time or again.
    Join,
    /// Leaves the topic.
    Leave,
    /// Is for the channel of the topic.
    Event,
}

/// The topic that belongs to the protocol.
pub(super) const PROTOCOL: &str = "phoenix";
pub(super) const HEARTBEAT: &str = "heartbeat";
/// An event that Phoenix does not know.
const LIMITS: &str = "limits";
pub(super) const JOIN: &str = "phx_join";
pub(super) const LEAVE: &str = "phx_leave";

impl Message {
    /// A message without refs, which is not answered.
    pub fn new(topic: impl AsRef<str>, event: impl AsRef<str>, payload: Payload) -> Self {
        Self {
            join_ref: None,
            reference: None,
            topic: topic.as_ref().into(),
            event: event.as_ref().into(),
            payload,
        }
    }

    /// The ref that the answer carries; without one there is no answer, but for a handler's own.
    pub fn reference(mut self, reference: Option<MessageRef>) -> Self {
        self.reference = reference;
        self
    }

    /// The join that the message belongs to; without one it is the newest.
    pub fn join_ref(mut self, join_ref: Option<MessageRef>) -> Self {
        self.join_ref = join_ref;
        self
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The event. `phx_join` and `phx_leave` join and leave the topic; `heartbeat` in the topic
    /// `phoenix` is a sign of life.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// What it carries.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Takes it apart: `join_ref`, `ref` and payload.
    pub fn into_parts(self) -> (Option<MessageRef>, Option<MessageRef>, Payload) {
        (self.join_ref, self.reference, self.payload)
    }

    pub(crate) fn kind(&self) -> ClientMessage {
        match (&*self.event, &*self.topic) {
            (HEARTBEAT, PROTOCOL) => ClientMessage::Heartbeat,
            (LIMITS, PROTOCOL) => ClientMessage::Limits,
            (JOIN, _) => ClientMessage::Join,
            (LEAVE, _) => ClientMessage::Leave,
            _ => ClientMessage::Event,
        }
    }
}
