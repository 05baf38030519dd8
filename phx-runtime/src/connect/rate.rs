//! How many messages a client may send in a time.

use std::time::Duration;

use tokio::time::Instant;

/// How many messages a client may send each second, and how many more at once; given to
/// [`Mount::max_rate`](crate::options::Mount::max_rate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub(super) per_second: u32,
    pub(super) burst: u32,
}

impl Rate {
    /// So many each second, and as many at once.
    pub const fn per_second(messages: u32) -> Self {
        Self { per_second: messages, burst: messages }
    }

    /// How many may come at once after a pause, at least one.
    pub const fn burst(mut self, messages: u32) -> Self {
        self.burst = messages;
        self
    }

    pub(crate) fn is_usable(self) -> bool {
        self.per_second > 0 && self.burst > 0
    }

    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

/// What a client has used of its rate: when it would be level with it again. One point in time, as
/// in the generic cell rate algorithm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used(Instant);

impl Used {
    pub(crate) fn nothing() -> Self {
        Self(Instant::now())
    }

    /// Takes one message, or tells how long it has to wait.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let level = self.0.max(now);
        let ahead = level - now;
        let allowed = rate.interval() * (rate.burst.max(1) - 1);
        match ahead.checked_sub(allowed) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.0 = level + rate.interval();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Rate, Used};

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_one_after_the_other() {
        let rate = Rate::per_second(10).burst(3);
        let mut used = Used::nothing();
        let mut take = || used.take(rate, Instant::now());
        assert_eq!([take(), take(), take()], [Ok(()); 3]);
        assert_eq!(take(), Err(Duration::from_millis(100)));
        advance(Duration::from_millis(60)).await;
        assert_eq!(take(), Err(Duration::from_millis(40)));
        advance(Duration::from_millis(40)).await;
        assert_eq!(take(), Ok(()));
        assert!(take().is_err());
        advance(Duration::from_hours(1)).await;
        assert_eq!([take(), take(), take()], [Ok(()); 3]);
        assert!(take().is_err());
    }
}
