//! Messages for all connections of an owner, which is the id of their sockets.
//!
//! A connection listens to the topic that is its id. What is for its owner travels between nodes on another topic,
//! because channels may have joined the first; and nobody can subscribe to that one, because it is looked at
//! before subscribers are.

use super::{broadcast::Broadcast, topics::PubSub};
use crate::{
    log,
    message::{EncodeError, Payload, Topic},
};

/// What the topics of messages for owners begin with.
const PREFIX: &str = "phx_owner:";

/// A message for all connections whose id is `id`.
pub(crate) fn for_owner(
    id: &str,
    event: &str,
    payload: &Payload,
) -> Result<Broadcast, EncodeError> {
    Broadcast::new(Topic::from(format!("{PREFIX}{id}")), event, payload, None)
}

impl PubSub {
    /// Whether anybody on this node gets what is broadcast on a topic.
    pub(crate) fn wants(&self, topic: &str) -> bool {
        self.subscribers(topic.strip_prefix(PREFIX).unwrap_or(topic)) > 0
    }

    /// Hands a message out if it is for an owner, and tells whether it is.
    pub(super) fn is_for_owner(&self, broadcast: &Broadcast) -> bool {
        let Some(id) = broadcast.topic().strip_prefix(PREFIX) else { return false };
        let (id, event) = (Topic::from(id), broadcast.event());
        match Broadcast::new(id.clone(), event, &broadcast.payload(), None) {
            Ok(message) => {
                for subscriber in self.subscribers_of(&id) {
                    subscriber.deliver_to_owner(&message);
                }
            }
            Err(error) => log::broadcast_failed(&id, event, error),
        }
        true
    }
}
