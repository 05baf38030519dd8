//! What a client has used of its rates.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::connect::{MountSettings, Used};

/// There only where a mount limits rates.
pub(super) struct Rates {
    mount: Arc<MountSettings>,
    all: Used,
    /// In the order of the mount's.
    events: Vec<Used>,
}

impl Rates {
    pub(super) fn of(mount: &Arc<MountSettings>) -> Option<Box<Self>> {
        if mount.max_rate.is_none() && mount.event_rates.is_empty() {
            return None;
        }
        let events = vec![Used::nothing(); mount.event_rates.len()];
        Some(Box::new(Self { mount: mount.clone(), all: Used::nothing(), events }))
    }

    /// Takes a message with this event, or tells how long it has to wait, and for which limit.
    pub(super) fn take(&mut self, event: &str) -> Result<(), (Duration, &'static str)> {
        let now = Instant::now();
        let limits = self.mount.event_rates.iter().zip(&mut self.events);
        // Its own first: what is refused for that does not use up the rest.
        if let Some(((_, rate), used)) = limits.into_iter().find(|((name, _), _)| name == event) {
            used.take(*rate, now).map_err(|wait| (wait, "max_event_rate"))?;
        }
        match self.mount.max_rate {
            Some(rate) => self.all.take(rate, now).map_err(|wait| (wait, "max_rate")),
            None => Ok(()),
        }
    }
}
