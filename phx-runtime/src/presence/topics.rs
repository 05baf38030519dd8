//! All topics with presences.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{diff::Diff, roster::Roster};
use crate::{message::Topic, pubsub::Sharded};

/// Each topic's roster has a lock of its own. A roster that became empty is retired under that
/// lock, then taken out of its map; whoever finds a retired one takes it out and looks again.
#[derive(Debug)]
pub(super) struct Topics(Sharded<Arc<Mutex<Roster>>>);

/// Changes of a topic that the caller has to hand out, with [`Topics::next_news`] until there are
/// none; nothing if somebody else is at it.
#[must_use]
pub(super) struct Untold<'a> {
    pub(super) topic: &'a Topic,
    pub(super) roster: Option<Arc<Mutex<Roster>>>,
}

/// What subscribers are to be told.
pub(super) struct News {
    pub(super) diff: Diff,
    /// How many keys are present, if the number has changed.
    pub(super) count: Option<usize>,
}

impl Topics {
    pub(super) fn new() -> Self {
        Self(Sharded::new())
    }

    /// Reads a topic's roster, if it has one.
    pub(super) fn read<T: Default>(&self, topic: &str, read: impl FnOnce(&mut Roster) -> T) -> T {
        self.0.get(topic).map(|roster| read(&mut roster.lock())).unwrap_or_default()
    }

    /// Changes a topic's roster.
    pub(super) fn change<'a>(
        &self,
        topic: &'a Topic,
        change: impl FnOnce(&mut Roster),
    ) -> Untold<'a> {
        loop {
            let shared = self.find_or_make(topic);
            let mut roster = shared.lock();
            if roster.is_retired() {
                drop(roster);
                self.take_out(topic, &shared);
                continue;
            }
            change(&mut roster);
            let mine = roster.start_telling();
            drop(roster);
            return Untold { topic, roster: mine.then_some(shared) };
        }
    }

    /// The next changes to hand out, those of others that came meanwhile too. If there are none,
    /// handing out has ended.
    pub(super) fn next_news(&self, topic: &Topic, shared: &Arc<Mutex<Roster>>) -> Option<News> {
        let mut roster = shared.lock();
        if let Some(diff) = roster.next_diff() {
            return Some(News { diff, count: roster.next_count() });
        }
        let retired = roster.is_retired();
        drop(roster);
        if retired {
            self.take_out(topic, shared);
        }
        None
    }

    fn find_or_make(&self, topic: &Topic) -> Arc<Mutex<Roster>> {
        if let Some(roster) = self.0.get(topic) {
            return roster;
        }
        self.0.write(topic).entry(topic.clone()).or_default().clone()
    }

    fn take_out(&self, topic: &Topic, retired: &Arc<Mutex<Roster>>) {
        self.0.remove_if(topic, |roster| Arc::ptr_eq(roster, retired));
    }

    /// How many topics have a roster.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
