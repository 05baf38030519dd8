//! What all handles of a presence share.

use std::{
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, atomic::AtomicU64},
};

use parking_lot::RwLock;

use super::{
    change::{Change, ReplicaId, Watcher},
    diff::Diff,
    reference::References,
    state::PresenceState,
    topics::{Topics, Untold},
};
use crate::{
    log,
    message::{ToPayload, Topic},
    pubsub::{Broadcast, Pace, PubSub},
};

/// A presence itself, which its handles and the channels that it tracks keep.
pub(super) struct Shared {
    pub(super) replica: ReplicaId,
    pub(super) entries: AtomicU64,
    pub(super) references: References,
    pub(super) topics: Topics,
    /// Where the diffs go; that of the first channel that tracked something.
    pub(super) pubsub: OnceLock<PubSub>,
    watchers: RwLock<Vec<Arc<dyn Watcher>>>,
    fetch: Option<Fetch>,
}

pub(super) type Fetch = Box<dyn Fn(&str, &mut PresenceState) + Send + Sync>;

impl Shared {
    pub(super) fn new(fetch: Option<Fetch>) -> Self {
        Self {
            // One that no other process has.
            replica: ReplicaId(RandomState::new().hash_one(0)),
            entries: AtomicU64::new(0),
            references: References::default(),
            topics: Topics::new(),
            pubsub: OnceLock::new(),
            watchers: RwLock::default(),
            fetch,
        }
    }

    pub(super) fn watch(&self, watcher: Arc<dyn Watcher>) {
        self.watchers.write().push(watcher);
    }

    /// Makes changes of this node's own entries, which other nodes are told of. All of one entry
    /// are made by whoever has locked its channel.
    pub(super) fn change_own<'a>(
        &self,
        topic: &'a Topic,
        changes: impl AsRef<[Change]> + IntoIterator<Item = Change>,
    ) -> Untold<'a> {
        for watcher in &*self.watchers.read() {
            watcher.changed(topic, changes.as_ref());
        }
        self.change(topic, changes)
    }

    /// Makes changes of anybody's entries.
    pub(super) fn change<'a>(
        &self,
        topic: &'a Topic,
        changes: impl IntoIterator<Item = Change>,
    ) -> Untold<'a> {
        self.topics.change(topic, |roster| changes.into_iter().for_each(|it| roster.apply(it)))
    }

    /// Hands changes to the topic's subscribers.
    pub(super) fn tell(&self, untold: Untold<'_>) {
        self.topics.tell(untold, |topic, diff| self.publish(topic, diff));
    }

    pub(super) fn fetch(&self, topic: &str, state: &mut PresenceState) {
        if let (Some(fetch), false) = (&self.fetch, state.is_empty()) {
            fetch(topic, state);
        }
    }

    fn publish(&self, topic: &Topic, mut diff: Diff) {
        let fetched = catch_unwind(AssertUnwindSafe(|| {
            self.fetch(topic, &mut diff.joins);
            self.fetch(topic, &mut diff.leaves);
        }));
        if fetched.is_err() {
            log::presence_fetch_panicked(topic);
        }
        let broadcast = diff
            .to_payload()
            .and_then(|payload| Broadcast::new(topic.clone(), "presence_diff", &payload, None));
        match (broadcast, self.pubsub.get()) {
            (Ok(broadcast), Some(pubsub)) => pubsub.publish(broadcast, Pace::Soon),
            (Ok(_), None) => {}
            (Err(error), _) => log::presence_diff_failed(topic, error),
        }
    }
}
