//! The shards over which a presence module's topics are divided, with a tracker each.

use parking_lot::Mutex;

use super::{own::Own, phash2::phash2};

/// The presences of this node, by shard.
#[derive(Debug)]
pub(crate) struct Shards(Box<[Mutex<Own>]>);

impl Shards {
    /// One for each shard, at least one.
    pub(crate) fn new(own: impl IntoIterator<Item = Own>) -> Self {
        Self(own.into_iter().map(Mutex::new).collect())
    }

    /// The presences of the shard that a topic belongs to.
    pub(crate) fn of(&self, topic: &str) -> &Mutex<Own> {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let shard = phash2(topic.as_bytes()) % count.max(1);
        &self.0[usize::try_from(shard).unwrap_or(0)]
    }

    pub(crate) fn get(&self, shard: usize) -> Option<&Mutex<Own>> {
        self.0.get(shard)
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mutex<Own>> {
        self.0.iter()
    }
}
