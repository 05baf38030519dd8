//! All topics of an endpoint.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
};

use super::{
    broadcast::Broadcast,
    relay::Relay,
    room::{Later, Room, Start},
    sharded::Sharded,
    subscriber::Subscriber,
};
use crate::{
    connection::Connection,
    message::{EncodeError, Topic},
};

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
pub(crate) struct PubSub(Arc<Inner>);

struct Inner {
    rooms: Sharded<Arc<Room>>,
    /// Who tells the other nodes, if there are any.
    relay: OnceLock<Weak<dyn Relay>>,
}

impl PubSub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { rooms: Sharded::new(), relay: OnceLock::new() }))
    }

    /// From now on what is [told to other nodes](Self::tell_others) goes through `relay`, for as long as
    /// somebody else keeps it. The first one stays.
    pub(crate) fn relay_through(&self, relay: Weak<dyn Relay>) {
        let _ = self.0.relay.set(relay);
    }

    /// Hands a message to the other nodes, if there are any. It is published here only if that
    /// succeeds, so that an error means that nobody gets it.
    pub(crate) fn tell_others(&self, broadcast: &Broadcast) -> Result<(), EncodeError> {
        let relay = self.0.relay.get().and_then(Weak::upgrade);
        relay.map_or(Ok(()), |relay| relay.relay(broadcast))
    }

    /// Whether both are the topics of one endpoint.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Adds a subscriber: it gets what is broadcast from now on.
    pub(crate) fn subscribe(&self, topic: &Topic, subscriber: Arc<dyn Subscriber>) {
        // A room is taken out only under the write lock and while it is empty, so whoever
        // subscribes under either lock finds the room that later broadcasts find.
        if let Some(room) = self.0.rooms.read(topic).get(topic) {
            room.add(subscriber);
            return;
        }
        self.0.rooms.write(topic).entry(topic.clone()).or_default().add(subscriber);
    }

    /// The name of a topic, which those who are subscribed to it share.
    pub(crate) fn topic(&self, name: &str) -> Topic {
        let known = self.0.rooms.read(name).get_key_value(name).map(|(topic, _)| topic.clone());
        known.unwrap_or_else(|| name.into())
    }

    /// Takes a subscriber out. Nothing happens if it is not there.
    pub(crate) fn unsubscribe(&self, topic: &str, subscriber: &dyn Subscriber) {
        let now_empty = match self.0.rooms.read(topic).get(topic) {
            Some(room) => room.remove(subscriber),
            None => return,
        };
        if now_empty {
            self.0.rooms.remove_if(topic, |room| room.is_empty());
        }
    }

    /// Hands a message to every subscriber of its topic on this node but its author.
    pub(crate) fn publish(&self, broadcast: Broadcast, pace: Pace<'_>) {
        if self.is_for_owner(&broadcast) {
            return;
        }
        let Some(room) = self.0.rooms.get(broadcast.topic()) else { return };
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

    /// Hands messages without an author to the subscribers of their topics on this node: those of a
    /// topic go out together.
    pub(crate) fn publish_together(&self, broadcasts: impl Iterator<Item = Broadcast>) {
        self.publish_together_on(broadcasts.map(|it| (it.topic().clone(), it)));
    }

    /// The same for messages that may name other topics than those whose subscribers get them.
    pub(crate) fn publish_together_on(&self, broadcasts: impl Iterator<Item = (Topic, Broadcast)>) {
        let mut starts = Vec::new();
        for (topic, broadcast) in broadcasts {
            if self.is_for_owner(&broadcast) {
                continue;
            }
            if let Some(room) = self.0.rooms.get(&topic) {
                starts.extend(room.publish(broadcast, None, Some(Later::Batch)));
            }
        }
        starts.into_iter().for_each(Start::run);
    }

    /// Who is subscribed to a topic.
    pub(super) fn subscribers_of(&self, topic: &str) -> Vec<Arc<dyn Subscriber>> {
        self.0.rooms.get(topic).map(|room| room.subscribers()).unwrap_or_default()
    }

    /// Whether so much waits in a topic that whoever publishes for others had better wait too.
    pub(crate) fn is_full(&self, topic: &str) -> bool {
        self.0.rooms.get(topic).is_some_and(|room| room.is_full())
    }

    /// How many subscribers a topic has.
    pub(crate) fn subscribers(&self, topic: &str) -> usize {
        self.0.rooms.get(topic).map_or(0, |room| room.len())
    }

    /// How many subscribers and messages a topic has room for.
    #[cfg(test)]
    pub(super) fn room_in(&self, topic: &str) -> usize {
        self.0.rooms.get(topic).map_or(0, |room| room.capacity())
    }

    /// How many topics have subscribers.
    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.0.rooms.len()
    }
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PubSub")
    }
}
