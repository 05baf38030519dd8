//! Failures of application code, and what clients are told of them.

use std::{any::Any, error::Error, fmt, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use super::payload::PayloadError;

/// An error that is not meant for the client.
///
/// A handler that returns one ends its channel with `phx_error`; a `#[join]` is answered with
/// `{"reason":"join crashed"}`, a `#[connect]` with status 500. The error is logged, and nothing of
/// it leaves the server. Every error type converts into a `Fault` with `?`, those of `anyhow` and its like and plain
/// texts included:
///
/// ```
/// use phx_runtime::Fault;
///
/// fn port(text: &str) -> Result<u16, Fault> {
///     Ok(text.parse::<u16>()?)
/// }
/// assert!(port("x").unwrap_err().to_string().contains("invalid digit"));
/// ```
pub struct Fault(Box<dyn Error + Send + Sync>);

impl Fault {
    /// A fault described by a text.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string().into())
    }

    /// What a panic left behind, as far as it is text.
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::new(text.map_or_else(|| "panicked".to_owned(), |text| format!("panicked: {text}")))
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Turns any error into a [`Fault`], where `?` alone would have to decide what the client is told.
///
/// ```
/// use phx_runtime::prelude::*;
///
/// struct Seat(u8);
///
/// #[channel("seats:{row}")]
/// impl Seat {
///     #[join]
///     fn join(row: String) -> Result<Self, JoinError> {
///         if row.is_empty() {
///             return Err(JoinError::new("no such row"));
///         }
///         Ok(Self(row.parse().or_fault()?))
///     }
/// #   #[handle_in("row")]
/// #   fn row(&self) -> Reply { Reply::ok(self.0) }
/// }
/// ```
pub trait OrFault<T> {
    /// The value, or the error as a fault: it is logged, and the client learns nothing of it.
    ///
    /// # Errors
    ///
    /// There was one.
    fn or_fault(self) -> Result<T, Fault>;
}

impl<T, E: Into<Fault>> OrFault<T> for Result<T, E> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(Into::into)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why the runtime could not get a result out of a callback.
#[derive(Debug)]
pub enum Failure {
    /// The payload is not what the callback takes: the client is told.
    Payload(PayloadError),
    /// A topic parameter could not be parsed: no such topic.
    Topic,
    /// The callback, or one of its arguments, failed.
    Fault(Fault),
}

impl From<PayloadError> for Failure {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a failure becomes for whoever waits for the callback's result.
#[doc(hidden)]
pub trait FromFailure {
    fn from_failure(failure: Failure) -> Self;
}

/// Awaits `future`, turning a panic of any poll into a fault.
///
/// The state that the future borrowed may be left half changed, as after a panic in any Rust
/// program that catches it; the callers end the channel, and only `#[terminate]` still sees it.
///
/// Wrapped rather than awaited by an `async fn`, which would store the future twice.
pub(crate) fn caught<T, E: From<Fault>>(
    future: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, E>> {
    AssertUnwindSafe(future).catch_unwind().map(|outcome| match outcome {
        Ok(result) => result,
        Err(panic) => Err(Fault::from_panic(&*panic).into()),
    })
}
