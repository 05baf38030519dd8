//! Topics and their subscribers on this node.
//!
//! A broadcast is encoded at most once for each protocol version and written straight to every
//! subscriber's connection. Messages that arrive while a topic's pass over its subscribers runs
//! leave together in the next pass, with one write for each connection: fan-out is bounded by the
//! number of system calls, so gathering is what makes a busy topic cheap.
//!
//! # Whose work it is
//!
//! Whoever publishes makes the passes, for one turn of bounded work (`pass::TURN`); what is left
//! after that is done by a task, a turn at a time. A client whose messages wait by the thousand is
//! not read until they are on their way.
//!
//! # Locks
//!
//! In the order in which they may be taken while another one is held: what ends with a channel
//! (`Member::ends`), a shard of topics, a room, or a presence's roster in place of the latter two. A
//! connection's outbox and mailbox come last: nothing is locked under either. Subscribers are called
//! and anything of the application is dropped under none of them.

mod broadcast;
mod pass;
mod room;
mod seats;
mod sharded;
mod subscription;

pub use self::{
    broadcast::Broadcast,
    subscription::{Subscription, SubscriptionError},
};
pub(crate) use self::{
    broadcast::Form, pass::Pass, seats::Place, sharded::Sharded, subscription::Subscribed,
};

use std::sync::Arc;

use self::room::{Later, Room};

use crate::{connection::Connection, message::Topic};

/// Whoever gets messages of a topic. It may subscribe to one topic, once.
pub(crate) trait Subscriber: Send + Sync {
    /// Takes the messages of a pass from index `first` on, leaving out its own. There is at least
    /// one. It must neither block nor panic: others wait behind it.
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize);

    /// Where the subscriber sits in its topic's list.
    fn place(&self) -> &Place;
}

/// Who hands a message out, and when.
#[derive(Clone, Copy)]
pub(crate) enum Pace<'a> {
    /// The caller, on the spot.
    Now,
    /// A task of its own, after whatever the current one does next: for messages that follow from
    /// what a handler does and may come after what it sends.
    Soon,
    /// The caller, on behalf of a client: while its connection holds back what it sends, the
    /// message waits too, so that all broadcasts of one read leave together, and before the replies
    /// that tell of them. If another one publishes on the topic meanwhile, it leaves with that.
    BeforeFlushOf(&'a Connection),
}

/// The topics of one endpoint. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PubSub(Arc<Sharded<Arc<Room>>>);

impl PubSub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Sharded::new()))
    }

    /// Whether both are the topics of one endpoint.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Adds a subscriber: it gets what is broadcast from now on.
    pub(crate) fn subscribe(&self, topic: &Topic, subscriber: Arc<dyn Subscriber>) {
        // A room is taken out only under the write lock and while it is empty, so whoever
        // subscribes under either lock finds the room that later broadcasts find.
        if let Some(room) = self.0.read(topic).get(topic) {
            room.add(subscriber);
            return;
        }
        self.0.write(topic).entry(topic.clone()).or_default().add(subscriber);
    }

    /// Takes a subscriber out. Nothing happens if it is not there.
    pub(crate) fn unsubscribe(&self, topic: &str, subscriber: &dyn Subscriber) {
        let now_empty = match self.0.read(topic).get(topic) {
            Some(room) => room.remove(subscriber),
            None => return,
        };
        if now_empty {
            self.0.remove_if(topic, |room| room.is_empty());
        }
    }

    /// Hands a message to every subscriber of its topic but its author.
    pub(crate) fn publish(&self, broadcast: Broadcast, pace: Pace<'_>) {
        let Some(room) = self.0.get(broadcast.topic()) else { return };
        match pace {
            Pace::Now => {
                if let Some(start) = room.publish(broadcast, None, None) {
                    start.run();
                }
            }
            Pace::Soon => {
                let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                    return self.publish(broadcast, Pace::Now);
                };
                if let Some(start) = room.publish(broadcast, None, Some(Later::Task)) {
                    runtime.spawn(async move { start.run() });
                }
            }
            Pace::BeforeFlushOf(client) => {
                let later = Some(Later::Flush(client.id()));
                if let Some(start) = room.publish(broadcast, Some(client), later) {
                    client.before_flush(move || start.run());
                }
            }
        }
    }

    /// How many subscribers a topic has.
    pub(crate) fn subscribers(&self, topic: &str) -> usize {
        self.0.get(topic).map_or(0, |room| room.len())
    }

    /// How many subscribers and messages a topic has room for.
    #[cfg(test)]
    fn room_in(&self, topic: &str) -> usize {
        self.0.get(topic).map_or(0, |room| room.capacity())
    }

    /// How many topics have subscribers.
    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.0.len()
    }
}

impl std::fmt::Debug for PubSub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PubSub")
    }
}

#[cfg(test)]
mod tests;
