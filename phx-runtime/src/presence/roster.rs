//! The presences of one topic, and what its subscribers have not been told yet.

use std::collections::{BTreeMap, btree_map};

use smol_str::SmolStr;

use super::{
    change::{Change, EntryId},
    diff::Diff,
    meta::PresenceMeta,
    state::{PresenceEntry, PresenceState},
};

#[derive(Debug, Default)]
pub(super) struct Roster {
    /// For each key its entries, sorted by id; mostly one. No key is without entries.
    keys: BTreeMap<SmolStr, Vec<Entry>>,
    untold: Diff,
    /// Somebody has listed what subscribers have not been told yet.
    is_seen: bool,
    /// How many keys subscribers were told of that are only told a number.
    told_count: usize,
    /// Whether somebody is handing out diffs, who will then hand out the next one too.
    telling: bool,
    /// The roster was empty and is no longer the topic's.
    retired: bool,
}

#[derive(Debug)]
struct Entry {
    id: EntryId,
    meta: PresenceMeta,
}

impl Roster {
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Upsert { key, id, meta } => self.upsert(key, id, meta),
            Change::Remove { key, id } => self.remove(&key, id),
        }
    }

    /// Adds an entry, or gives it another meta at its old place.
    fn upsert(&mut self, key: SmolStr, id: EntryId, meta: PresenceMeta) {
        let entries = self.keys.entry(key.clone()).or_insert_with(|| Vec::with_capacity(1));
        match entries.binary_search_by_key(&id, |entry| entry.id) {
            Ok(index) => {
                let entry = &mut entries[index];
                if entry.meta.is(&meta.phx_ref()) {
                    return;
                }
                let old = std::mem::replace(&mut entry.meta, meta.clone());
                self.untold.leave(&key, old, self.is_seen);
            }
            Err(index) => entries.insert(index, Entry { id, meta: meta.clone() }),
        }
        self.untold.join(key, meta);
    }

    fn remove(&mut self, key: &SmolStr, id: EntryId) {
        let btree_map::Entry::Occupied(mut entries) = self.keys.entry(key.clone()) else { return };
        let Ok(index) = entries.get().binary_search_by_key(&id, |entry| entry.id) else { return };
        let Entry { meta, .. } = entries.get_mut().remove(index);
        if entries.get().is_empty() {
            entries.remove();
        }
        self.untold.leave(key, meta, self.is_seen);
    }

    pub(super) fn meta(&self, key: &str, id: EntryId) -> Option<PresenceMeta> {
        let entries = self.keys.get(key)?;
        let index = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        Some(entries[index].meta.clone())
    }

    /// How many keys are present.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.keys().map(SmolStr::to_string).collect()
    }

    pub(super) fn list(&mut self) -> PresenceState {
        self.is_seen |= !self.untold.is_empty();
        PresenceState::of(self.keys.iter().map(|(key, entries)| (key.clone(), presence(entries))))
    }

    /// The state of one key alone.
    pub(super) fn list_key(&mut self, key: &str) -> PresenceState {
        self.is_seen |= !self.untold.is_empty();
        let entries = self.keys.get_key_value(key);
        PresenceState::of(
            entries.map(|(key, entries)| (key.clone(), presence(entries))).into_iter(),
        )
    }

    /// Whether the caller is the one to hand out diffs now: it must ask for them until there are
    /// none.
    pub(super) fn start_telling(&mut self) -> bool {
        !std::mem::replace(&mut self.telling, true)
    }

    /// The next diff to hand out. If there is none, telling ends, and an empty roster retires.
    pub(super) fn next_diff(&mut self) -> Option<Diff> {
        let diff = std::mem::take(&mut self.untold);
        self.is_seen = false;
        if !diff.is_empty() {
            return Some(diff);
        }
        self.telling = false;
        self.retired = self.keys.is_empty();
        None
    }

    /// How many keys are present, if that is not what was told last.
    pub(super) fn next_count(&mut self) -> Option<usize> {
        let count = self.count();
        (std::mem::replace(&mut self.told_count, count) != count).then_some(count)
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired
    }
}

fn presence(entries: &[Entry]) -> PresenceEntry {
    PresenceEntry::new(entries.iter().map(|entry| entry.meta.clone()).collect())
}
