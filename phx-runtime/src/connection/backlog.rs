//! Who reads too slowly.
//!
//! What one callback sends is delivered to a client that reads, however much it is: it waits, and
//! is no reason to close anything. A reader is slow if more than `max` bytes have waited for it for
//! `timeout` without getting below, or if more than `hard` bytes wait.
//!
//! # What may wait at most
//!
//! The hard limit is looked at by the connection's task, whenever it has tried to write. What was
//! sent in one go, which is more than `max` bytes between two such looks, is not held against
//! the client: the limit is then `max` above what waits, until what waits has fallen below `hard`.
//! That happens only from a level below `hard`, so that no more waits for one client than `hard`,
//! `max`, and what the application sends to it in one go. A client has no say in that last part:
//! while more than half of `hard` waits, none of its messages is handled, until less than `max` does.

use std::time::Duration;

use tokio::time::Instant;

/// Limits of what may wait for one client; what the options of the built-in transports are about.
///
/// ```
/// use std::time::Duration;
///
/// use phx_runtime::transport::{BacklogLimits, Connection};
///
/// let limits = BacklogLimits::new(64 * 1024).hard(256 * 1024).timeout(Duration::from_secs(5));
/// let connection = Connection::with_limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogLimits {
    /// Above this, in bytes, a client is behind.
    pub(crate) max: usize,
    /// Above this, in bytes, it is closed at once.
    pub(crate) hard: usize,
    /// How long it may be behind.
    pub(crate) timeout: Duration,
}

impl BacklogLimits {
    /// How many times as much as `max` the hard limit is by default.
    const HARD: usize = 16;

    pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

    /// A client is behind while more than `max` bytes wait for it. One that is behind for 10 s, or by
    /// more than 16 times as much, is closed.
    pub const fn new(max: usize) -> Self {
        Self { max, hard: max.saturating_mul(Self::HARD), timeout: Self::TIMEOUT }
    }

    /// A client for which more than so many bytes wait is closed at once.
    pub const fn hard(mut self, bytes: usize) -> Self {
        self.hard = bytes;
        self
    }

    /// A client that is behind for so long is closed.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether a client can be behind for a while.
    pub(crate) fn are_usable(self) -> bool {
        self.hard >= self.max && !self.timeout.is_zero()
    }

    /// Whether so much is left that whoever waited to send more may go on.
    pub(super) const fn has_room(&self, waiting: usize) -> bool {
        waiting <= self.max / 2
    }
}

/// A client for which more than `max` bytes wait.
#[derive(Debug)]
pub(super) struct Behind {
    since: Instant,
    /// How much waited at the last look.
    seen: usize,
    /// Above this the client is closed: the hard limit, unless what was sent in one go passed it.
    ceiling: usize,
    held_back: bool,
}

/// Why a client is closed that reads too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slow {
    /// How many bytes wait for it.
    pub(crate) waiting: usize,
    /// The limit in bytes that it passed: for too long, or the hard one.
    pub(crate) limit: usize,
    /// For how long it was behind.
    pub(crate) behind: Duration,
}

impl Behind {
    pub(super) fn new(waited_before: usize, limits: &BacklogLimits) -> Self {
        Self { since: Instant::now(), seen: waited_before, ceiling: limits.hard, held_back: false }
    }

    /// Whether nobody has looked for twice as long as it may be behind: whoever should serve the
    /// connection does not.
    pub(super) fn is_forgotten(&self, limits: &BacklogLimits) -> bool {
        self.since.elapsed() > limits.timeout.saturating_mul(2)
    }

    /// Whether the task has to look, since too much waits.
    pub(super) fn is_over(&self, waiting: usize) -> bool {
        waiting > self.ceiling
    }

    /// Looks at the client after an attempt to write.
    pub(super) fn look(
        &mut self,
        waiting: usize,
        limits: &BacklogLimits,
        now: Instant,
    ) -> Result<(), Slow> {
        let behind = now.saturating_duration_since(self.since);
        if self.is_over(waiting) {
            let sent_at_once = waiting.saturating_sub(self.seen) > limits.max;
            if !sent_at_once || self.seen > limits.hard {
                return Err(Slow { waiting, limit: limits.hard, behind });
            }
            self.ceiling = waiting.saturating_add(limits.max);
        }
        self.seen = waiting;
        self.held_back |= waiting > limits.hard / 2;
        if behind >= limits.timeout {
            return Err(Slow { waiting, limit: limits.max, behind });
        }
        Ok(())
    }

    /// Something was written, and so much waits still.
    pub(super) fn written(&mut self, waiting: usize, limits: &BacklogLimits) {
        self.seen = self.seen.min(waiting);
        if waiting <= limits.hard {
            self.ceiling = limits.hard;
        }
    }

    /// Whether the client's own messages have to wait.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// When it will have been behind for too long; none if that is out of reach.
    pub(super) fn closes_at(&self, limits: &BacklogLimits) -> Option<Instant> {
        self.since.checked_add(limits.timeout)
    }
}
