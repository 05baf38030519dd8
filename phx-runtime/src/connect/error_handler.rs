//! The answer to a client that a socket refuses.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{Response, StatusCode};

use super::connect_error::ConnectError;
use crate::{log, message::Fault};

/// A mount's own way to answer refused clients.
#[derive(Clone)]
pub(crate) struct ErrorHandler(Arc<Handler>);

type Handler = dyn Fn(&ConnectError) -> Response<String> + Send + Sync;

impl ErrorHandler {
    pub(super) fn new(
        handler: impl Fn(&ConnectError) -> Response<String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(handler))
    }

    /// The answer to a refusal. A handler that panics, or that would tell the client that it is let
    /// in, has failed.
    pub(super) fn answer(&self, refusal: &ConnectError) -> Response<String> {
        let answer = catch_unwind(AssertUnwindSafe(|| (self.0)(refusal)));
        let failed = match answer {
            Ok(answer) if !answer.status().is_informational() => return answer,
            Ok(answer) => Fault::new(format!("it answered with status {}", answer.status())),
            Err(panic) => Fault::from_panic(&*panic),
        };
        log::error_handler_failed(&failed);
        let mut answer = Response::default();
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    }
}

impl fmt::Debug for ErrorHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorHandler")
    }
}
