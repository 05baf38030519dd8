//! Options of `#[channel(..)]`.

use crate::{
    connect::Rate,
    log::{FilterParameters, LogLevel},
};

/// Options of a channel, as written in `#[channel(..)]`.
///
/// ```
/// use phx_runtime::{channel::ChannelOptions, options::{FilterParameters, LogLevel}};
///
/// let options = ChannelOptions::new()
///     .log_join(LogLevel::Off)
///     .filter_parameters(FilterParameters::discard(["password", "iban"]));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    pub(crate) log_join: LogLevel,
    pub(crate) log_handle_in: LogLevel,
    pub(crate) filter_parameters: Option<FilterParameters>,
    pub(crate) event_rates: Vec<EventRate>,
}

/// How many messages with any of these events may come.
#[derive(Clone, Debug)]
pub(crate) struct EventRate {
    pub(crate) events: Vec<&'static str>,
    pub(crate) rate: Rate,
}

impl ChannelOptions {
    /// Phoenix's defaults: joins logged at `info`, events at `debug`.
    pub const fn new() -> Self {
        Self {
            log_join: LogLevel::Info,
            log_handle_in: LogLevel::Debug,
            filter_parameters: None,
            event_rates: Vec::new(),
        }
    }

    /// The level of the line about a join, accepted or refused; `info` by default.
    pub fn log_join(mut self, level: LogLevel) -> Self {
        self.log_join = level;
        self
    }

    /// The level of the line about each handled event; `debug` by default.
    pub fn log_handle_in(mut self, level: LogLevel) -> Self {
        self.log_handle_in = level;
        self
    }

    /// Which parameters the lines about joins and events hide; overrides the socket's and the
    /// endpoint's.
    pub fn filter_parameters(mut self, filter: FilterParameters) -> Self {
        self.filter_parameters = Some(filter);
        self
    }

    /// How many messages with these events, all together, one connection may send to channels of this
    /// type, whatever their topics; no limit by default. Beside the limits of the
    /// [mount](crate::options::Mount::max_rate), and answered as those are. In an attribute it stands
    /// with the handler: `#[handle_in("new_msg", max_rate(per_second = 2, burst = 10))]`.
    pub fn max_event_rate(
        mut self,
        events: impl IntoIterator<Item = &'static str>,
        rate: Rate,
    ) -> Self {
        self.event_rates.push(EventRate { events: events.into_iter().collect(), rate });
        self
    }
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self::new()
    }
}
