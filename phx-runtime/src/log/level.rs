//! Levels of lines.

/// The level at which a line is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogLevel {
    /// Never logged.
    Off,
    /// Logged as an error.
    Error,
    /// Logged as a warning.
    Warn,
    /// Logged for information.
    Info,
    /// Logged for debugging.
    Debug,
    /// Logged when tracing every step.
    Trace,
}
