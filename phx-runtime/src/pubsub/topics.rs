//! All topics of an endpoint.

use std::{fmt, sync::Arc};

use super::{
    broadcast::Broadcast,
    room::{Later, Room},
    sharded::Sharded,
    subscriber::Subscriber,
};
use crate::{connection::Connection, message::Topic};

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
    pub(super) fn room_in(&self, topic: &str) -> usize {
        self.0.get(topic).map_or(0, |room| room.capacity())
    }

    /// How many topics have subscribers.
    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PubSub")
    }
}
