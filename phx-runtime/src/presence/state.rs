//! Presences of a topic as clients see them: keys with their metas.

use std::collections::{BTreeMap, btree_map};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::{meta::PresenceMeta, reference::PresenceRef};

/// Who is present in a topic, sorted by key; sent as `{key: {"metas": [..]}}`.
///
/// It is what clients expect under the event `presence_state`, and what both sides of a
/// `presence_diff` look like.
#[derive(Clone, Debug, Default)]
pub struct PresenceState(BTreeMap<SmolStr, PresenceEntry>);

impl PresenceState {
    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is present.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is known of a key.
    pub fn get(&self, key: &str) -> Option<&PresenceEntry> {
        self.0.get(key)
    }

    /// All keys with what is known of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PresenceEntry)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// All keys with what is known of them, to add to it.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut PresenceEntry)> {
        self.0.iter_mut().map(|(key, entry)| (key.as_str(), entry))
    }

    pub(super) fn of(entries: impl Iterator<Item = (SmolStr, PresenceEntry)>) -> Self {
        Self(entries.collect())
    }

    pub(super) fn into_entry(mut self, key: &str) -> Option<PresenceEntry> {
        self.0.remove(key)
    }

    pub(super) fn add(&mut self, key: SmolStr, meta: PresenceMeta) {
        self.0.entry(key).or_default().metas.push(meta);
    }

    /// Takes one meta out; `false` if it is not there.
    pub(super) fn take(&mut self, key: &SmolStr, reference: &PresenceRef) -> bool {
        let btree_map::Entry::Occupied(mut entry) = self.0.entry(key.clone()) else {
            return false;
        };
        let metas = &mut entry.get_mut().metas;
        let Some(index) = metas.iter().position(|meta| meta.is(reference)) else {
            return false;
        };
        metas.remove(index);
        if metas.is_empty() {
            entry.remove();
        }
        true
    }
}

impl Serialize for PresenceState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// What is known of one key: its metas in the order in which they joined, and what
/// [`Presence::with_fetch`](crate::Presence::with_fetch) added.
#[derive(Clone, Debug, Default)]
pub struct PresenceEntry {
    metas: Vec<PresenceMeta>,
    added: Map<String, Value>,
}

impl PresenceEntry {
    pub(super) fn new(metas: Vec<PresenceMeta>) -> Self {
        Self { metas, added: Map::new() }
    }

    /// The metas, one for each channel that tracks the key.
    pub fn metas(&self) -> &[PresenceMeta] {
        &self.metas
    }

    /// Adds a field beside `metas`, which itself cannot be replaced.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let name = name.into();
        if name == "metas" {
            crate::log::metas_kept();
        } else {
            self.added.insert(name, value.into());
        }
    }
}

impl Serialize for PresenceEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.added.len()))?;
        map.serialize_entry("metas", &self.metas)?;
        for (name, value) in &self.added {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
