//! What a client has used of its rates.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    channel::ChannelKind,
    connect::{MountSettings, Used},
};

/// There only where a mount limits rates, or a channel does that was sent something.
pub(super) struct Rates {
    mount: Arc<MountSettings>,
    all: Used,
    /// In the order of the mount's.
    events: Vec<Used>,
    /// Of channels, each with its place among those of its kind.
    handlers: Vec<(Arc<ChannelKind>, usize, Used)>,
}

impl Rates {
    pub(super) fn of(mount: &Arc<MountSettings>) -> Option<Box<Self>> {
        let has_some = mount.max_rate.is_some() || !mount.event_rates.is_empty();
        has_some.then(|| Box::new(Self::new(mount)))
    }

    fn new(mount: &Arc<MountSettings>) -> Self {
        let events = vec![Used::nothing(); mount.event_rates.len()];
        Self { mount: mount.clone(), all: Used::nothing(), events, handlers: Vec::new() }
    }

    /// Takes a message with this event for a channel of this kind, or tells how long it has to wait,
    /// and for which limit.
    pub(super) fn take(
        this: &mut Option<Box<Self>>,
        mount: &Arc<MountSettings>,
        kind: Option<&Arc<ChannelKind>>,
        event: &str,
    ) -> Result<(), (Duration, &'static str)> {
        let kind = kind.filter(|kind| !kind.options.event_rates.is_empty());
        let rates = match (this, kind) {
            (None, None) => return Ok(()),
            (this, _) => this.get_or_insert_with(|| Box::new(Self::new(mount))),
        };
        let now = Instant::now();
        // Its own first: what is refused for that does not use up the rest.
        if let Some(kind) = kind {
            rates.take_of(kind, event, now)?;
        }
        let limits = rates.mount.event_rates.iter().zip(&mut rates.events);
        if let Some(((_, rate), used)) = limits.into_iter().find(|((name, _), _)| name == event) {
            used.take(*rate, now).map_err(|wait| (wait, "max_event_rate"))?;
        }
        match rates.mount.max_rate {
            Some(rate) => rates.all.take(rate, now).map_err(|wait| (wait, "max_rate")),
            None => Ok(()),
        }
    }

    fn take_of(
        &mut self,
        kind: &Arc<ChannelKind>,
        event: &str,
        now: Instant,
    ) -> Result<(), (Duration, &'static str)> {
        let rates = kind.options.event_rates.iter();
        for (place, limit) in rates.enumerate().filter(|(_, limit)| limit.events.contains(&event)) {
            let is_it = |(of, at, _): &(Arc<ChannelKind>, usize, Used)| {
                *at == place && Arc::ptr_eq(of, kind)
            };
            let known = self.handlers.iter().position(is_it).unwrap_or_else(|| {
                self.handlers.push((kind.clone(), place, Used::nothing()));
                self.handlers.len() - 1
            });
            let (_, _, used) = &mut self.handlers[known];
            used.take(limit.rate, now).map_err(|wait| (wait, "max_event_rate"))?;
        }
        Ok(())
    }
}
