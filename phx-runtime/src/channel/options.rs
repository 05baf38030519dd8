//! Options of `#[channel(..)]`.

use crate::log::{FilterParameters, LogLevel};

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
}

impl ChannelOptions {
    /// Phoenix's defaults: joins logged at `info`, events at `debug`.
    pub const fn new() -> Self {
        Self { log_join: LogLevel::Info, log_handle_in: LogLevel::Debug, filter_parameters: None }
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
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self::new()
    }
}
