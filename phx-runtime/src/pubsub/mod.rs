//! Topics and their subscribers on this node.
//!
//! A broadcast is encoded at most once for each protocol version and written straight to every
//! subscriber's connection. Messages that arrive while a topic's pass over its subscribers runs
//! leave together in the next pass, with one write for each connection: fan-out is bounded by the
//! number of system calls, so gathering is what makes a busy topic cheap.

mod broadcast;
mod room;
mod subscription;

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use parking_lot::RwLock;

use self::room::{Room, Start};
pub use self::{
    broadcast::Broadcast,
    subscription::{Subscription, SubscriptionError},
};
pub(crate) use self::{
    broadcast::{Form, Pass},
    room::{Place, Subscriber},
    subscription::Subscribed,
};
use crate::{channel::Topic, transport::Connection};

/// Topics are spread over this many maps, so that joining and leaving seldom wait for each other.
const SHARDS: usize = 64;

/// The topics of one endpoint. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PubSub(Arc<Shards>);

struct Shards {
    hasher: RandomState,
    shards: [RwLock<HashMap<Topic, Arc<Room>>>; SHARDS],
}

impl PubSub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shards {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| RwLock::default()),
        }))
    }

    /// Whether both are the topics of one endpoint.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    fn shard(&self, topic: &str) -> &RwLock<HashMap<Topic, Arc<Room>>> {
        &self.0.shards[self.0.hasher.hash_one(topic) as usize % SHARDS]
    }

    /// Adds a subscriber: it gets what is broadcast from now on.
    pub(crate) fn subscribe(&self, topic: &Topic, subscriber: Arc<dyn Subscriber>) {
        let shard = self.shard(topic);
        // A room is taken out only under the write lock and while it is empty, so whoever
        // subscribes under either lock finds the room that later broadcasts find.
        if let Some(room) = shard.read().get(topic) {
            room.add(subscriber);
            return;
        }
        let mut rooms = shard.write();
        let room = rooms.entry(topic.clone()).or_insert_with(|| Arc::new(Room::default()));
        room.add(subscriber);
    }

    /// Takes a subscriber out. Nothing happens if it is not there.
    pub(crate) fn unsubscribe(&self, topic: &str, subscriber: &dyn Subscriber) {
        let shard = self.shard(topic);
        let now_empty = match shard.read().get(topic) {
            Some(room) => room.remove(subscriber),
            None => return,
        };
        if now_empty {
            let mut rooms = shard.write();
            if let Entry::Occupied(entry) = rooms.entry(topic.into())
                && entry.get().is_empty()
            {
                entry.remove();
            }
        }
    }

    /// Hands a message to every subscriber of its topic but its author.
    pub(crate) fn publish(&self, broadcast: Broadcast) {
        if let Some(start) = self.prepare(broadcast) {
            start.run();
        }
    }

    /// As [`publish`](Self::publish), but after whatever the current task does next: for messages
    /// that follow from what a handler does and may come after what it sends.
    pub(crate) fn publish_soon(&self, broadcast: Broadcast) {
        if let Some(start) = self.prepare(broadcast) {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => {
                    runtime.spawn(async move { start.run() });
                }
                Err(_) => start.run(),
            }
        }
    }

    /// As [`publish`](Self::publish), on behalf of a client: while its connection holds back what
    /// it sends, the passes wait too, so that all broadcasts of one read leave together, and before
    /// the replies that tell of them.
    pub(crate) fn publish_for(&self, client: &Connection, broadcast: Broadcast) {
        if let Some(start) = self.prepare(broadcast) {
            client.before_flush(move || start.run());
        }
    }

    fn prepare(&self, broadcast: Broadcast) -> Option<Start> {
        let room = self.shard(broadcast.topic()).read().get(broadcast.topic()).cloned();
        room?.publish(broadcast)
    }

    /// How many subscribers a topic has.
    pub(crate) fn subscribers(&self, topic: &str) -> usize {
        self.shard(topic).read().get(topic).map_or(0, |room| room.len())
    }

    /// How many topics have subscribers.
    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.read().len()).sum()
    }
}

impl std::fmt::Debug for PubSub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PubSub")
    }
}

#[cfg(test)]
mod tests;
