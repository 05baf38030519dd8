//! How a line is written: a short text, and facts as fields.

use std::{net::SocketAddr, time::Duration};

use tracing::field::{DisplayValue, Value, display};

use super::{level::LogLevel, shown::Shown};

/// What lines are filtered by.
pub(super) const TARGET: &str = "phx_runtime::log";

/// What a field may hold. A `str` that is not the program's own may not stand there by itself: it goes through [`Shown`],
/// which is short and escaped.
pub(super) trait Fact {
    type Value<'a>: Value
    where
        Self: 'a;

    fn value(&self) -> Self::Value<'_>;
}

impl Fact for Shown<'_> {
    type Value<'a>
        = &'a str
    where
        Self: 'a;

    fn value(&self) -> &str {
        self.as_str()
    }
}

/// A name in the program's own text.
impl Fact for &'static str {
    type Value<'a> = &'static str;

    fn value(&self) -> &'static str {
        self
    }
}

impl Fact for usize {
    type Value<'a> = usize;

    fn value(&self) -> usize {
        *self
    }
}

impl Fact for u64 {
    type Value<'a> = u64;

    fn value(&self) -> u64 {
        *self
    }
}

impl Fact for SocketAddr {
    type Value<'a> = DisplayValue<Self>;

    fn value(&self) -> Self::Value<'_> {
        display(*self)
    }
}

/// Parameters, as [`filtered`](super::filtered) wrote them. Shown without quotes, since what is
/// within has its own.
pub(super) struct Parameters(pub(super) String);

impl Fact for Parameters {
    type Value<'a> = DisplayValue<&'a str>;

    fn value(&self) -> Self::Value<'_> {
        display(&self.0)
    }
}

impl<F: Fact> Fact for Option<F> {
    type Value<'a>
        = Option<F::Value<'a>>
    where
        Self: 'a;

    fn value(&self) -> Self::Value<'_> {
        self.as_ref().map(F::value)
    }
}

/// Whether anybody wants lines of this level.
pub(super) fn enabled(level: LogLevel) -> bool {
    match level {
        LogLevel::Off => false,
        LogLevel::Error => tracing::enabled!(target: TARGET, tracing::Level::ERROR),
        LogLevel::Warn => tracing::enabled!(target: TARGET, tracing::Level::WARN),
        LogLevel::Info => tracing::enabled!(target: TARGET, tracing::Level::INFO),
        LogLevel::Debug => tracing::enabled!(target: TARGET, tracing::Level::DEBUG),
        LogLevel::Trace => tracing::enabled!(target: TARGET, tracing::Level::TRACE),
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// `line!(warn, "what happened"; fact, name = fact, ..)` writes one line. Facts are not even looked
/// at while nobody wants the line.
macro_rules! line {
    (@ $level:ident, $text:literal, $($field:ident = $fact:expr),*) => {
        tracing::$level!(
            target: $crate::log::line::TARGET,
            $($field = $crate::log::line::Fact::value(&$fact),)*
            $text
        )
    };
    (error, $text:literal $(; $($field:ident = $fact:expr),* $(,)?)?) => {
        line!(@ error, $text, $($($field = $fact),*)?)
    };
    (warn, $text:literal $(; $($field:ident = $fact:expr),* $(,)?)?) => {
        line!(@ warn, $text, $($($field = $fact),*)?)
    };
    (info, $text:literal $(; $($field:ident = $fact:expr),* $(,)?)?) => {
        line!(@ info, $text, $($($field = $fact),*)?)
    };
    (debug, $text:literal $(; $($field:ident = $fact:expr),* $(,)?)?) => {
        line!(@ debug, $text, $($($field = $fact),*)?)
    };
    (trace, $text:literal $(; $($field:ident = $fact:expr),* $(,)?)?) => {
        line!(@ trace, $text, $($($field = $fact),*)?)
    };
    // A level that an option says. `tracing` wants one while compiling.
    ($level:expr, $text:literal; $($field:ident = $fact:expr),* $(,)?) => {
        match $level {
            LogLevel::Off => {}
            LogLevel::Error => line!(@ error, $text, $($field = $fact),*),
            LogLevel::Warn => line!(@ warn, $text, $($field = $fact),*),
            LogLevel::Info => line!(@ info, $text, $($field = $fact),*),
            LogLevel::Debug => line!(@ debug, $text, $($field = $fact),*),
            LogLevel::Trace => line!(@ trace, $text, $($field = $fact),*),
        }
    };
}
