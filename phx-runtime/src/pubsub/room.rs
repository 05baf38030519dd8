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

/// Passes that a sender makes on the spot. Others may go on broadcasting for as long as it makes
/// them, and its own task has more to do.
const PASSES: usize = 8;

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

    /// Puts a message into the next pass. If none runs, the caller gets to start it.
    pub(super) fn publish(self: Arc<Self>, message: Broadcast) -> Option<Start> {
        let mut state = self.0.lock();
        if state.is_empty() {
            return None;
        }
        state.published += 1;
        state.waiting.push(message);
        let starts = !std::mem::replace(&mut state.passing, true);
        drop(state);
        starts.then(|| Start(Some(self)))
    }

    /// Takes what waits; nothing ends the passing.
    fn next_pass(self: Arc<Self>) -> Option<Passing> {
        let mut state = self.0.lock();
        if state.waiting.is_empty() {
            state.close_holes();
            state.passing = false;
            return None;
        }
        let waiting = std::mem::take(&mut state.waiting);
        let first_number = state.published - waiting.len() as u64;
        let all = state.members.len();
        drop(state);
        Some(Passing {
            pass: Pass::new(waiting),
            first_number,
            all,
            next: 0,
            group: Vec::new(),
            room: self,
        })
    }
}

/// Passes that are due: whoever holds this hands out the messages that wait, at the latest when
/// dropping it.
#[must_use]
pub(crate) struct Start(Option<Arc<Room>>);

impl Start {
    /// Hands out what waits. The first subscribers are served on the spot: whoever sees an effect
    /// of a broadcast after this, such as its sender's reply, sees it after they were served. The
    /// rest of a large topic is left to a task that lets go of the processor now and then.
    pub(crate) fn run(mut self) {
        self.pass();
    }

    fn pass(&mut self) {
        let mut room = self.0.take();
        let mut passes = 0;
        while let Some(mut passing) = room.take().and_then(Room::next_pass) {
            passes += 1;
            if !passing.serve_group() || passes == PASSES {
                match tokio::runtime::Handle::try_current() {
                    Ok(runtime) => {
                        runtime.spawn(passing.finish());
                        return;
                    }
                    // Outside of a runtime nothing can yield, and nobody waits for this thread.
                    Err(_) => while !passing.serve_group() {},
                }
            }
            room = Some(passing.room);
        }
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        self.pass();
    }
}

/// A pass on its way through the subscribers.
struct Passing {
    room: Arc<Room>,
    pass: Pass,
    /// The number of the first message.
    first_number: u64,
    /// How many places the list had when the pass began; who came later gets later messages.
    all: usize,
    next: usize,
    /// Those being served; empty between two calls.
    group: Vec<Member>,
}

impl Passing {
    /// Serves the next few subscribers, if any are left, and tells whether they were the last.
    fn serve_group(&mut self) -> bool {
        let end = (self.next + GROUP).min(self.all);
        {
            let state = self.room.0.lock();
            self.group.reserve_exact(end - self.next);
            self.group.extend(state.members[self.next..end].iter().flatten().cloned());
        }
        self.next = end;
        for member in self.group.drain(..) {
            let first = member.since.saturating_sub(self.first_number);
            let first = usize::try_from(first).unwrap_or(usize::MAX);
            if first < self.pass.messages().len() {
                member.subscriber.deliver(&self.pass, first);
            }
        }
        end == self.all
    }

    /// Serves everybody who is left, and all messages that arrive meanwhile.
    async fn finish(self) {
        let mut passing = self;
        loop {
            tokio::task::yield_now().await;
            if passing.serve_group() {
                tokio::task::yield_now().await;
                match passing.room.next_pass() {
                    Some(next) => passing = next,
                    None => return,
                }
            }
        }
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
