//! What there is for each of many topics.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::message::Topic;

/// Topics are spread over this many maps, so that whoever changes one seldom waits for another.
const SHARDS: usize = 64;

/// A map with more room than this gives it back when it is three quarters empty.
const MIN_CAPACITY: usize = 64;

/// A map from topics, behind locks that seldom stand in each other's way.
#[derive(Debug)]
pub(crate) struct Sharded<V> {
    hasher: RandomState,
    shards: [RwLock<Shard<V>>; SHARDS],
}

pub(crate) type Shard<V> = HashMap<Topic, V>;

impl<V> Sharded<V> {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| RwLock::default()) }
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    fn shard(&self, topic: &str) -> &RwLock<Shard<V>> {
        &self.shards[self.hasher.hash_one(topic) as usize % SHARDS]
    }

    /// The map that the topic is in.
    pub(crate) fn read(&self, topic: &str) -> RwLockReadGuard<'_, Shard<V>> {
        self.shard(topic).read()
    }

    /// The map that the topic is in, to add it.
    pub(crate) fn write(&self, topic: &str) -> RwLockWriteGuard<'_, Shard<V>> {
        self.shard(topic).write()
    }

    /// What there is for the topic.
    pub(crate) fn get(&self, topic: &str) -> Option<V>
    where
        V: Clone,
    {
        self.read(topic).get(topic).cloned()
    }

    /// Takes the topic out if what there is for it is no longer wanted.
    pub(crate) fn remove_if(&self, topic: &str, unwanted: impl FnOnce(&V) -> bool) {
        let mut shard = self.write(topic);
        if shard.get(topic).is_some_and(unwanted) {
            shard.remove(topic);
            let (taken, room) = (shard.len(), shard.capacity());
            if room > MIN_CAPACITY && taken < room / 4 {
                shard.shrink_to(2 * taken);
            }
        }
    }

    /// How many topics there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{MIN_CAPACITY, SHARDS, Sharded};
    use crate::message::Topic;

    #[test]
    fn room_for_topics_that_are_gone_is_given_back() {
        let topics = Sharded::new();
        let names: Vec<_> = (0..20_000).map(|n| Topic::from(n.to_string())).collect();
        for name in &names {
            topics.write(name).insert(name.clone(), ());
        }
        for name in &names {
            topics.remove_if(name, |()| false);
            assert_eq!(topics.get(name), Some(()));
            topics.remove_if(name, |()| true);
        }
        assert_eq!(topics.len(), 0);
        let room: usize = topics.shards.iter().map(|shard| shard.read().capacity()).sum();
        assert!(room <= 2 * SHARDS * MIN_CAPACITY, "{room}");
    }
}
