//! Messages that parts of the runtime send to themselves on other nodes.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{
    address::Address, event::ClusterEvent, framing::Entry, node::NodeId, outbound::Outbound,
};
use crate::message::EncodeError;

/// Which part of the runtime a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Port {
    /// How many subscribers a topic has.
    Subscribers = 1,
    /// Who is in which topic.
    Presence = 2,
    /// Requests of long-polling clients whose session is elsewhere.
    LongPoll = 3,
}

/// A part of the runtime that other nodes send messages to.
///
/// All calls come from one task, in the order in which things happened: messages of one node to all
/// and its [`Up`](ClusterEvent::Up), [`Down`](ClusterEvent::Down) and [`Gap`](ClusterEvent::Gap). Nothing
/// may block; what takes long is spawned.
///
/// What arrives comes from outside and may be anything.
pub(crate) trait Service: Send + Sync {
    /// A message of another node, to all or to this one. Whoever asked gets an answer from `answer`;
    /// if that is dropped, the question runs into its time limit.
    fn message(&self, from: NodeId, body: Bytes, answer: Option<Answer>);

    /// Something happened to the cluster.
    fn event(&self, event: &ClusterEvent) {
        let _ = event;
    }
}

/// Sends messages for one part of the runtime. It does not keep the node in its cluster.
#[derive(Clone)]
pub(crate) struct Messenger {
    pub(super) outbound: Arc<Outbound>,
    pub(super) port: Port,
}

impl Messenger {
    /// Sends a message to one other node. Messages to one node arrive in order, at most once; those
    /// to a node that is gone reach nobody.
    ///
    /// # Errors
    ///
    /// It is too large to be sent.
    pub(crate) fn send(&self, to: NodeId, body: Bytes) -> Result<(), EncodeError> {
        self.entry(Address::Node(to), body)
    }

    /// Sends a message to all other nodes. Messages to all arrive in order, at most once; before and
    /// after broadcasts as they are sent, if the adapter has one channel.
    ///
    /// # Errors
    ///
    /// It is too large to be sent.
    pub(crate) fn send_to_all(&self, body: Bytes) -> Result<(), EncodeError> {
        self.entry(Address::Channel(0), body)
    }

    fn entry(&self, to: Address, body: Bytes) -> Result<(), EncodeError> {
        self.outbound.entry(to, &Entry::Message { port: self.port as u8, body })
    }
}

/// The answer that a node waits for.
pub(crate) struct Answer {
    pub(super) outbound: Arc<Outbound>,
    pub(super) to: NodeId,
    pub(super) id: u64,
}

impl Answer {
    /// Sends it.
    ///
    /// # Errors
    ///
    /// It is too large to be sent.
    pub(crate) fn send(self, body: Bytes) -> Result<(), EncodeError> {
        self.outbound.entry(Address::Node(self.to), &Entry::Answer { id: self.id, body })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("to", &self.to).finish_non_exhaustive()
    }
}
