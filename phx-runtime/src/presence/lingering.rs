//! Entries whose channels have ended, while others may take them over.

use std::collections::{HashMap, hash_map};

use parking_lot::Mutex;
use smol_str::SmolStr;

use super::change::{EntryId, Tracked};
use crate::message::Topic;

/// Whoever takes an entry out is the only one who changes it from then on.
#[derive(Default)]
pub(super) struct Lingering(Mutex<HashMap<(Topic, SmolStr), Vec<Tracked>>>);

impl Lingering {
    pub(super) fn put(&self, topic: Topic, key: SmolStr, tracked: Tracked) {
        self.0.lock().entry((topic, key)).or_default().push(tracked);
    }

    /// The latest one of a key.
    pub(super) fn take(&self, topic: &Topic, key: &SmolStr) -> Option<Tracked> {
        self.take_where(topic, key, |entries| entries.len().checked_sub(1))
    }

    /// A certain one, if nobody has taken it.
    pub(super) fn take_this(&self, topic: &Topic, key: &SmolStr, id: EntryId) -> Option<Tracked> {
        self.take_where(topic, key, |entries| entries.iter().position(|entry| entry.id == id))
    }

    fn take_where(
        &self,
        topic: &Topic,
        key: &SmolStr,
        which: impl FnOnce(&[Tracked]) -> Option<usize>,
    ) -> Option<Tracked> {
        let mut all = self.0.lock();
        let hash_map::Entry::Occupied(mut entries) = all.entry((topic.clone(), key.clone())) else {
            return None;
        };
        let taken = which(entries.get()).map(|index| entries.get_mut().remove(index));
        if entries.get().is_empty() {
            entries.remove();
        }
        taken
    }
}
