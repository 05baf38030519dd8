//! The presences of Phoenix nodes beside those of this one.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::{
    change::{Change, EntryId, ReplicaId, Watcher},
    handle::Presence,
    meta::PresenceMeta,
    shared::Shared,
};
use crate::{
    log,
    message::Topic,
    phoenix::{PresenceChange, Presences, Shards, Shown},
};

/// A presence whose topics Phoenix nodes have a part in.
pub(crate) struct BesidePhoenix {
    presence: Arc<Shared>,
    /// Makes replicas' ids of the numbers that they are known by.
    ids: RandomState,
}

impl BesidePhoenix {
    pub(crate) fn new(presence: &Presence) -> Self {
        Self { presence: presence.shared.clone(), ids: RandomState::new() }
    }

    fn change(&self, change: PresenceChange) -> Option<(SmolStr, Change)> {
        let PresenceChange { replica, clock, topic, key, joined } = change;
        let id = EntryId { number: clock, replica: ReplicaId(self.ids.hash_one(replica)) };
        let Some(Shown { reference, meta }) = joined else {
            return Some((topic, Change::Remove { key, id }));
        };
        // It was written as JSON a moment ago, so it is valid.
        let meta = PresenceMeta::foreign(reference, RawValue::from_string(meta).ok()?);
        Some((topic, Change::Upsert { key, id, meta }))
    }
}

impl Presences for BesidePhoenix {
    fn show(&self, changes: Vec<PresenceChange>) {
        let mut by_topic: BTreeMap<SmolStr, Vec<Change>> = BTreeMap::new();
        for (topic, change) in changes.into_iter().filter_map(|change| self.change(change)) {
            by_topic.entry(topic).or_default().push(change);
        }
        for (topic, changes) in by_topic {
            self.presence.take_over(&topic.as_str().into(), changes);
        }
    }

    fn write_to(&self, own: Arc<Shards>) {
        self.presence.watch(Arc::new(Written(own)));
    }
}

/// What this node's channels change, written down for Phoenix nodes.
struct Written(Arc<Shards>);

impl Watcher for Written {
    fn changed(&self, topic: &Topic, changes: &[Change]) {
        let mut own = self.0.of(topic).lock();
        for change in changes {
            match change {
                Change::Remove { id, .. } => own.remove(id.number),
                Change::Upsert { key, id, meta } => {
                    if let Err(error) = own.upsert(id.number, topic, key, meta.text()) {
                        log::phoenix_presence_unsendable(topic, key, error);
                    }
                }
            }
        }
    }
}
