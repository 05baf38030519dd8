//! One topic: who subscribed, and the passes that hand messages out.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;

use super::{
    broadcast::Broadcast,
    pass::{Pass, TURN, work_of},
    seats::Seats,
    subscriber::Subscriber,
};
use crate::connection::{Connection, ConnectionId, WeakConnection};

/// Work units of the messages in one pass. What is gathered beyond that saves no system call that
/// counts, and a piece of it waits in every outbox whose client is slow.
const PASS: usize = 512;

/// Work units of messages that may wait before clients whose messages made them are not read any
/// more. It goes on once half of them are on their way.
const WAITING: usize = 4096;

#[derive(Default)]
pub(super) struct Room(Mutex<State>);

#[derive(Default)]
struct State {
    seats: Seats,
    /// Messages published so far. A subscriber gets those from the number on that it found.
    published: u64,
    waiting: VecDeque<Broadcast>,
    /// In units of work.
    waiting_work: usize,
    /// Whether somebody hands messages out, who will then hand out those that wait too.
    passing: bool,
    /// Who has put off to hand out what waits, last.
    put_off_by: Option<Later>,
    /// Connections that are not read until less waits.
    held: Vec<WeakConnection>,
}

/// Where the passes of a topic are put off to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Later {
    /// A task of its own.
    Task,
    /// When all messages are published that are to leave together.
    Batch,
    /// The moment before this connection writes.
    Flush(ConnectionId),
}

impl Room {
    pub(super) fn add(&self, subscriber: Arc<dyn Subscriber>) {
        let mut state = self.0.lock();
        let since = state.published;
        state.seats.add(subscriber, since);
    }

    /// Takes a subscriber out, and tells whether that left the room empty.
    pub(super) fn remove(&self, subscriber: &dyn Subscriber) -> bool {
        let mut state = self.0.lock();
        state.seats.remove(subscriber);
        if !state.passing {
            state.seats.close_holes();
        }
        state.is_empty()
    }

    /// All who are there.
    pub(super) fn subscribers(&self) -> Vec<Arc<dyn Subscriber>> {
        let state = self.0.lock();
        let mut all = Vec::new();
        state.seats.collect(0..state.seats.end(), u64::MAX, &mut all);
        all.into_iter().map(|(subscriber, _)| subscriber).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().seats.taken()
    }

    /// Whether more waits than one client may make wait.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().waiting_work > WAITING
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        let state = self.0.lock();
        state.seats.capacity() + state.waiting.capacity()
    }

    /// Lets a message wait for the next pass. Whoever publishes starts the passes if nobody makes
    /// them, even if somebody else has put that off: nobody waits for what another client does
    /// meanwhile. Only who has put it off `later` itself need not do so again.
    pub(super) fn publish(
        self: Arc<Self>,
        message: Broadcast,
        client: Option<&Connection>,
        later: Option<Later>,
    ) -> Option<Start> {
        let mut state = self.0.lock();
        if state.is_empty() {
            return None;
        }
        state.published += 1;
        state.waiting_work += work_of(&message);
        state.waiting.push_back(message);
        if state.waiting_work > WAITING
            && let Some(client) = client
            && client.hold()
        {
            state.held.push(client.downgrade());
        }
        let starts = !state.passing && (later.is_none() || state.put_off_by != later);
        // What comes during a pass is taken by it, and puts off nothing: who is named here has a start.
        if starts {
            state.put_off_by = later;
        }
        drop(state);
        starts.then(|| Start(Some(self)))
    }

    /// Begins a pass with what waits, unless that is nothing or somebody else makes passes.
    fn begin(self: Arc<Self>) -> Option<Passing> {
        let mut state = self.0.lock();
        if state.passing || state.waiting.is_empty() {
            return None;
        }
        state.passing = true;
        state.put_off_by = None;
        drop(state);
        let mut passing = Passing {
            room: self,
            pass: Pass::new(Vec::new()),
            first_number: 0,
            end: 0,
            next: 0,
            group: Vec::new(),
            is_over: false,
        };
        passing.next_pass().then_some(passing)
    }
}

/// Passes that are due: whoever holds this hands out the messages that wait, at the latest when
/// dropping it.
#[must_use]
pub(super) struct Start(Option<Arc<Room>>);

impl Start {
    /// Hands out what waits. The first subscribers are served on the spot: whoever sees an effect
    /// of a broadcast after this, such as its sender's reply, sees it after they were served. The
    /// rest of a large or busy topic is left to a task that lets go of the processor now and then.
    pub(super) fn run(mut self) {
        self.pass();
    }

    fn pass(&mut self) {
        let Some(mut passing) = self.0.take().and_then(Room::begin) else { return };
        let mut turn = TURN;
        while !passing.serve(&mut turn) || passing.next_pass() {
            if turn == 0 {
                match tokio::runtime::Handle::try_current() {
                    Ok(runtime) => {
                        runtime.spawn(passing.finish());
                        return;
                    }
                    // Outside of a runtime nothing can yield, and nobody waits for this thread.
                    Err(_) => turn = TURN,
                }
            }
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
    /// How many seats the list had when the pass began; who came later gets later messages.
    end: usize,
    next: usize,
    /// Those being served; empty between two calls.
    group: Vec<(Arc<dyn Subscriber>, u64)>,
    /// Whether somebody else may make passes.
    is_over: bool,
}

impl Passing {
    /// Serves as many of the next subscribers as the rest of a turn is enough for, at least one,
    /// and tells whether they were the last. Nothing is left of the turn if not.
    fn serve(&mut self, turn: &mut usize) -> bool {
        let count = (*turn / self.pass.work()).clamp(1, self.end - self.next + 1);
        *turn = turn.saturating_sub(count * self.pass.work());
        let end = (self.next + count).min(self.end);
        let before = self.first_number + self.pass.messages().len() as u64;
        {
            let state = self.room.0.lock();
            self.group.reserve_exact(end - self.next);
            state.seats.collect(self.next..end, before, &mut self.group);
        }
        self.next = end;
        for (subscriber, since) in self.group.drain(..) {
            let first = since.saturating_sub(self.first_number);
            // Less than the number of messages, as it subscribed before the last of them.
            let first = usize::try_from(first).unwrap_or(usize::MAX);
            subscriber.deliver(&self.pass, first);
        }
        let is_last = end == self.end;
        if !is_last {
            *turn = 0;
        }
        is_last
    }

    /// Goes on to the messages that wait. If there are none, passing is over.
    fn next_pass(&mut self) -> bool {
        let (messages, held) = {
            let mut state = self.room.0.lock();
            state.seats.close_holes();
            self.next = 0;
            self.end = state.seats.end();
            self.first_number = state.published - state.waiting.len() as u64;
            let messages = state.take_waiting();
            state.passing = !messages.is_empty();
            self.is_over = messages.is_empty();
            (messages, state.take_held())
        };
        release(held);
        self.pass = Pass::new(messages);
        !self.is_over
    }

    /// Serves everybody who is left, and all messages that arrive meanwhile.
    async fn finish(mut self) {
        loop {
            tokio::task::yield_now().await;
            if self.serve(&mut { TURN }) {
                // What others are about to publish leaves in the same pass.
                tokio::task::yield_now().await;
                if !self.next_pass() {
                    return;
                }
            }
        }
    }
}

impl Drop for Passing {
    /// A pass that is given up, as by a runtime that shuts down, keeps the topic from nothing.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let held = {
            let mut state = self.room.0.lock();
            state.passing = false;
            std::mem::take(&mut state.held)
        };
        release(held);
    }
}

/// Lets clients be read again. Without the room's lock: the last handle of a connection may be
/// dropped here.
fn release(held: Vec<WeakConnection>) {
    for connection in held.iter().filter_map(WeakConnection::upgrade) {
        connection.release();
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.seats.taken() == 0
    }

    /// Takes those out who are to be read again.
    fn take_held(&mut self) -> Vec<WeakConnection> {
        if self.waiting_work > WAITING / 2 {
            return Vec::new();
        }
        std::mem::take(&mut self.held)
    }

    /// Takes the messages of the next pass.
    fn take_waiting(&mut self) -> Vec<Broadcast> {
        let mut work = 0;
        let mut count = 0;
        for message in &self.waiting {
            count += 1;
            work += work_of(message);
            if work >= PASS {
                break;
            }
        }
        self.waiting_work -= work;
        if count == self.waiting.len() {
            return std::mem::take(&mut self.waiting).into();
        }
        self.waiting.drain(..count).collect()
    }
}
