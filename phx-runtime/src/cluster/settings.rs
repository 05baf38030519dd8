//! What can be set of how nodes speak to each other.

use std::time::Duration;

use super::error::ClusterConfigError;

#[derive(Clone, Copy)]
pub(super) struct Settings {
    pub(super) start_timeout: Duration,
    pub(super) heartbeat: Duration,
    pub(super) down_after: Duration,
    pub(super) max_message: usize,
    pub(super) max_waiting: usize,
    pub(super) max_age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(2),
            down_after: Duration::from_secs(10),
            max_message: 4 * 1024 * 1024,
            max_waiting: 8 * 1024 * 1024,
            max_age: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// Whether nodes could speak to each other.
    pub(super) fn check(&self) -> Result<(), ClusterConfigError> {
        let wrong = |option, problem| Err(ClusterConfigError::Setting { option, problem });
        if self.heartbeat.is_zero() {
            return wrong("heartbeat", "zero");
        }
        if self.down_after < 2 * self.heartbeat {
            return wrong("down_after", "less than twice `heartbeat`");
        }
        if self.start_timeout.is_zero() {
            return wrong("start_timeout", "zero");
        }
        if self.max_age.is_zero() {
            return wrong("max_age", "zero: nothing could be sent");
        }
        if self.max_message == 0 || u32::try_from(self.max_message).is_err() {
            return wrong("max_message", "zero, or above 4 GB");
        }
        if self.max_waiting < 2 * self.max_message {
            return wrong("max_waiting", "less than twice `max_message`");
        }
        Ok(())
    }
}
