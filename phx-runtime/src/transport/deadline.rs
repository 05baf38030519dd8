//! A timer for a point in time that moves.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// It is not moved with everything that happens: when it fires, it is set again for what is left.
/// While nobody waits for it, it takes the memory of a pointer.
#[derive(Default)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Whether the point in time has come that `at` gives; none never comes. `at` is asked for a new
    /// timer and when one fires, so the time may move on, but not back, until
    /// [`clear`](Self::clear).
    pub(crate) fn poll(
        &mut self,
        task: &mut Context<'_>,
        at: impl Fn() -> Option<Instant>,
    ) -> Poll<()> {
        loop {
            if let Some(timer) = &mut self.0
                && timer.as_mut().poll(task).is_pending()
            {
                return Poll::Pending;
            }
            let Some(at) = at() else {
                self.clear();
                return Poll::Pending;
            };
            if at <= Instant::now() {
                return Poll::Ready(());
            }
            match &mut self.0 {
                Some(timer) => timer.as_mut().reset(at),
                None => self.0 = Some(Box::pin(sleep_until(at))),
            }
        }
    }

    /// Nobody waits any more.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}
