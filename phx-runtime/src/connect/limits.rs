//! What a client is told that it may send.

use std::{borrow::Cow, time::Duration};

use serde_json::{Map, Value, json};

use super::rate::Rate;
use crate::transport::TransportKind;

/// The limits of one transport of a mount, as far as its clients have to know them.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransportLimits {
    pub(super) transport: TransportKind,
    /// Bytes of a message.
    pub(super) max_message: usize,
    /// How long a client may be silent.
    pub(super) timeout: Option<Duration>,
}

/// The limits of a connection.
pub(super) struct Limits<'a> {
    pub(super) of_transport: Option<&'a TransportLimits>,
    pub(super) max_channels: usize,
    pub(super) max_rate: Option<Rate>,
    pub(super) event_rates: &'a [(Cow<'static, str>, Rate)],
}

impl Limits<'_> {
    /// What clients get that ask for it; what has no limit is left out.
    pub(super) fn shown(&self) -> Value {
        let mut limits = Map::new();
        if let Some(of_transport) = self.of_transport {
            limits.insert("max_message_bytes".into(), of_transport.max_message.into());
            if let Some(timeout) = of_transport.timeout {
                let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
                limits.insert("timeout_ms".into(), milliseconds.into());
            }
        }
        limits.insert("max_channels".into(), self.max_channels.into());
        if let Some(rate) = self.max_rate {
            limits.insert("max_rate".into(), shown(rate));
        }
        if !self.event_rates.is_empty() {
            let rates = self.event_rates.iter();
            let rates = rates.map(|(event, rate)| (event.clone().into_owned(), shown(*rate)));
            limits.insert("max_event_rates".into(), rates.collect::<Map<_, _>>().into());
        }
        limits.into()
    }
}

fn shown(rate: Rate) -> Value {
    json!({ "per_second": rate.per_second, "burst": rate.burst })
}
