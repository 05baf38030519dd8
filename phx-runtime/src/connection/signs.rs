//! What a connection's task looks for again and again, most often to find nothing.

use std::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicBool, Ordering},
};

use parking_lot::MutexGuard;

use super::outbox::{Due, Outbox, State};

/// What the task would otherwise take a lock for. Each is written under the lock of what it tells of,
/// before the task is woken, which registers before it looks: so it misses none.
#[derive(Default)]
pub(super) struct Signs {
    /// Whether letters wait.
    pub(super) mail: Sign,
    /// Whether a close frame was queued.
    pub(super) ending: Sign,
    /// Whether more waits than the client should let wait.
    pub(super) behind: Sign,
    /// Whether what is sent is held back. The task puts it up without the lock: whoever has not seen
    /// that yet sends as before, and whoever has leaves it to the task, which lets out what waits.
    pub(super) cork: Sign,
}

#[derive(Default)]
pub(super) struct Sign(AtomicBool);

impl Sign {
    pub(super) fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn put(&self, up: bool) {
        self.0.store(up, Ordering::Relaxed);
    }
}

/// The outbox while it is locked. What became of it can be seen without the lock afterwards.
pub(super) struct OutboxGuard<'a> {
    outbox: MutexGuard<'a, Outbox>,
    signs: &'a Signs,
}

impl<'a> OutboxGuard<'a> {
    pub(super) fn new(mut outbox: MutexGuard<'a, Outbox>, signs: &'a Signs) -> Self {
        outbox.cork(signs.cork.is_up());
        Self { outbox, signs }
    }

    /// Lets frames out again, unless something is due before: that is returned, to be done without
    /// the lock and before asking again.
    #[must_use]
    pub(super) fn uncork(&mut self) -> Vec<Due> {
        let due = self.outbox.take_due();
        if due.is_empty() {
            self.signs.cork.put(false);
            self.outbox.cork(false);
        }
        due
    }
}

impl Deref for OutboxGuard<'_> {
    type Target = Outbox;

    fn deref(&self) -> &Outbox {
        &self.outbox
    }
}

impl DerefMut for OutboxGuard<'_> {
    fn deref_mut(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
}

impl Drop for OutboxGuard<'_> {
    fn drop(&mut self) {
        self.signs.ending.put(matches!(self.outbox.state(), State::Closing(_)));
        self.signs.behind.put(self.outbox.is_behind());
    }
}
