//! What all handles of a presence share.

use std::{
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, atomic::AtomicU64},
};

use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    change::{Change, ReplicaId, Watcher},
    diff::Diff,
    lingering::Lingering,
    options::PresenceOptions,
    reference::References,
    roster::Roster,
    state::PresenceState,
    topics::{News, Topics, Untold},
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
    pub(super) lingering: Lingering,
    pub(super) options: PresenceOptions,
}

impl Shared {
    pub(super) fn new(options: PresenceOptions) -> Self {
        Self {
            // One that no other process has.
            replica: ReplicaId(RandomState::new().hash_one(0)),
            entries: AtomicU64::new(0),
            references: References::default(),
            topics: Topics::new(),
            pubsub: OnceLock::new(),
            watchers: RwLock::default(),
            lingering: Lingering::default(),
            options,
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

    /// Takes over what others changed in a topic, and tells its subscribers, all changes in one diff.
    pub(super) fn take_over(self: &Arc<Self>, topic: &Topic, changes: Vec<Change>) {
        self.tell(self.change(topic, changes));
    }

    /// Hands changes to the topic's subscribers: one diff after the other, without any lock, in the
    /// order of the changes.
    pub(super) fn tell(self: &Arc<Self>, untold: Untold<'_>) {
        let Untold { topic, roster: Some(roster) } = untold else { return };
        let time = self.options.coalesce;
        let runtime = tokio::runtime::Handle::try_current();
        let (Ok(runtime), false) = (runtime, time.is_zero()) else {
            while self.tell_next(topic, &roster) {}
            return;
        };
        if self.tell_next(topic, &roster) {
            let (shared, topic, mut next) = (self.clone(), topic.clone(), Instant::now() + time);
            runtime.spawn(async move {
                loop {
                    tokio::time::sleep_until(next).await;
                    if !shared.tell_next(&topic, &roster) {
                        return;
                    }
                    next = Instant::now() + time;
                }
            });
        }
    }

    /// Whether there was something to tell.
    fn tell_next(&self, topic: &Topic, roster: &Arc<Mutex<Roster>>) -> bool {
        let Some(News { diff, count }) = self.topics.next_news(topic, roster) else { return false };
        if !self.options.count_only.as_ref().is_some_and(|is_counted| is_counted(topic)) {
            self.publish_diff(topic, diff);
        } else if let Some(count) = count {
            self.publish(topic, "presence_count", &Count { count });
        }
        true
    }

    pub(super) fn fetch(&self, topic: &str, state: &mut PresenceState) {
        if let (Some(fetch), false) = (&self.options.fetch, state.is_empty()) {
            fetch(topic, state);
        }
    }

    fn publish_diff(&self, topic: &Topic, mut diff: Diff) {
        let fetched = catch_unwind(AssertUnwindSafe(|| {
            self.fetch(topic, &mut diff.joins);
            self.fetch(topic, &mut diff.leaves);
        }));
        if fetched.is_err() {
            log::presence_fetch_panicked(topic);
        }
        self.publish(topic, "presence_diff", &diff);
    }

    fn publish(&self, topic: &Topic, event: &str, payload: &impl Serialize) {
        let broadcast = payload
            .to_payload()
            .and_then(|payload| Broadcast::new(topic.clone(), event, &payload, None));
        match (broadcast, self.pubsub.get()) {
            (Ok(broadcast), Some(pubsub)) => pubsub.publish(broadcast, Pace::Soon),
            (Ok(_), None) => {}
            (Err(error), _) => log::presence_unsendable(topic, event, error),
        }
    }
}

/// The payload of `presence_count`.
#[derive(Serialize)]
struct Count {
    count: usize,
}
