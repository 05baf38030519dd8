//! One topic: who subscribed, and the passes that hand messages out.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;

use super::broadcast::{Broadcast, Pass};

/// Subscribers taken from the list at a time. Between two such groups a pass lets go of the lock
/// and of the processor, so that a large topic delays neither its own joins nor other tasks.
const GROUP: usize = 256;

/// Whoever gets messages of a topic. It may subscribe to one topic, once.
pub(crate) trait Subscriber: Send + Sync {
    /// Takes the messages of a pass from index `first` on, leaving out its own.
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize);

    /// Where the subscriber stands in its topic's list.
    fn place(&self) -> &Place;
}

/// A subscriber's index in the list of its topic, kept up to date under the topic's lock so that
/// leaving does not search.
#[derive(Debug)]
pub(crate) struct Place(AtomicUsize);

const NOWHERE: usize = usize::MAX;

impl Default for Place {
    fn default() -> Self {
        Self(AtomicUsize::new(NOWHERE))
    }
}

impl Place {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, index: usize) {
        self.0.store(index, Ordering::Relaxed);
    }
}

#[derive(Default)]
pub(super) struct Room(Mutex<State>);

#[derive(Default)]
struct State {
    /// While a pass runs nobody moves: who leaves makes a hole.
    members: Vec<Option<Member>>,
    holes: usize,
    /// Messages published so far. A subscriber gets those from the number on that it found.
    published: u64,
    waiting: Vec<Broadcast>,
    passing: bool,
}

#[derive(Clone)]
struct Member {
    subscriber: Arc<dyn Subscriber>,
    since: u64,
}

impl Room {
    pub(super) fn add(&self, subscriber: Arc<dyn Subscriber>) {
        let mut state = self.0.lock();
        debug_assert_eq!(subscriber.place().get(), NOWHERE, "a subscriber has one topic");
        subscriber.place().set(state.members.len());
        let since = state.published;
        state.members.push(Some(Member { subscriber, since }));
    }

    /// Takes a subscriber out, and tells whether that left the room empty.
    pub(super) fn remove(&self, subscriber: &dyn Subscriber) -> bool {
        let mut state = self.0.lock();
        let index = subscriber.place().get();
        if index == NOWHERE {
            return false;
        }
        subscriber.place().set(NOWHERE);
        if state.passing {
            state.members[index] = None;
            state.holes += 1;
        } else {
            state.members.swap_remove(index);
            if let Some(Some(moved)) = state.members.get(index) {
                moved.subscriber.place().set(index);
            }
        }
        state.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        let state = self.0.lock();
        state.members.len() - state.holes
    }

    /// Puts a message into the next pass, and starts one if none runs.
    pub(super) fn publish(self: Arc<Self>, message: Broadcast) {
        {
            let mut state = self.0.lock();
            if state.is_empty() {
                return;
            }
            state.published += 1;
            state.waiting.push(message);
            if std::mem::replace(&mut state.passing, true) {
                return;
            }
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move { while self.pass(true).await {} });
            }
            // Outside of a runtime nothing can yield, and nobody waits for this thread either.
            Err(_) => {
                while futures_util::FutureExt::now_or_never(self.pass(false)) == Some(true) {}
            }
        }
    }

    /// Hands out what waits; `false` if nothing did, which ends the passing.
    async fn pass(&self, yielding: bool) -> bool {
        let (pass, first_number, all) = {
            let mut state = self.0.lock();
            if state.waiting.is_empty() {
                state.close_holes();
                state.passing = false;
                return false;
            }
            let waiting = std::mem::take(&mut state.waiting);
            let first = state.published - waiting.len() as u64;
            (Pass::new(waiting), first, state.members.len())
        };
        let mut group = Vec::with_capacity(GROUP.min(all));
        let mut next = 0;
        while next < all {
            {
                let state = self.0.lock();
                let end = (next + GROUP).min(all);
                group.extend(state.members[next..end].iter().flatten().cloned());
                next = end;
            }
            for member in group.drain(..) {
                let first = member.since.saturating_sub(first_number);
                let first = usize::try_from(first).unwrap_or(usize::MAX);
                if first < pass.messages().len() {
                    member.subscriber.deliver(&pass, first);
                }
            }
            if yielding {
                tokio::task::yield_now().await;
            }
        }
        true
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.members.len() == self.holes
    }

    fn close_holes(&mut self) {
        if self.holes == 0 {
            return;
        }
        self.members.retain(Option::is_some);
        for (index, member) in self.members.iter().flatten().enumerate() {
            member.subscriber.place().set(index);
        }
        self.holes = 0;
    }
}
