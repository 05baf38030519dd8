//! What subscribes to a topic.

use std::sync::Arc;

use super::{broadcast::Broadcast, pass::Pass, place::Place};

/// Whoever gets messages of a topic. It may subscribe to one topic, once.
pub(crate) trait Subscriber: Send + Sync {
    /// Takes the messages of a pass from index `first` on, leaving out its own. There is at least
    /// one. It must neither block nor panic: others wait behind it.
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize);

    /// Takes a message for the owner whose name the topic is, if the subscriber stands for a connection
    /// of that owner.
    fn deliver_to_owner(&self, _: &Broadcast) {}

    /// Where the subscriber sits in its topic's list.
    fn place(&self) -> &Place;
}
