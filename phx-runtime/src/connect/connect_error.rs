//! A client is refused.

use std::{fmt, time::Duration};

use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

use crate::message::{Fault, ReasonText};

/// An answer of plain text, or of nothing but its status.
pub(crate) fn plain_response(status: StatusCode, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    if !body.is_empty() {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
    }
    response
}

/// A refused connection.
///
/// Over WebSocket the client gets status 403, unless the refusal says otherwise; over long-poll it
/// is told `403` in the body. Phoenix counterpart: `:error` and `{:error, reason}`; see also
/// [`WebSocketOptions::error_handler`](crate::options::WebSocketOptions::error_handler).
///
/// ```
/// use std::time::Duration;
///
/// use phx_runtime::ConnectError;
///
/// let busy = ConnectError::new("rate_limit").status(429).body("Too many requests");
/// let busy = busy.retry_after(Duration::from_secs(30));
/// # let _ = busy;
/// ```
pub struct ConnectError(Box<Kind>);

/// Sorts of [`ConnectError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The client may not connect.
    Refused,
    /// The server failed; the client gets status 500 and nothing of why.
    Fault,
}

enum Kind {
    Refused { reason: String, status: StatusCode, body: String, retry_after: Option<Duration> },
    Fault(Fault),
}

impl ConnectError {
    /// A refusal; the reason is logged and not sent.
    pub fn new(reason: impl ReasonText) -> Self {
        Self(Box::new(Kind::Refused {
            reason: reason.as_ref().to_owned(),
            status: StatusCode::FORBIDDEN,
            body: String::new(),
            retry_after: None,
        }))
    }

    pub(super) fn fault(fault: Fault) -> Self {
        Self(Box::new(Kind::Fault(fault)))
    }

    /// The HTTP status of the answer over WebSocket; 403 by default. Numbers that are no status of
    /// a refusal (400 to 599) are ignored.
    pub fn status(mut self, code: u16) -> Self {
        if let (Kind::Refused { status, .. }, 400..=599) = (&mut *self.0, code) {
            *status = StatusCode::from_u16(code).unwrap_or(*status);
        }
        self
    }

    /// The body of the answer over WebSocket, as plain text; empty by default.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Kind::Refused { body, .. } = &mut *self.0 {
            *body = text.into();
        }
        self
    }

    /// When it makes sense to try again: the answer over WebSocket gets the header `Retry-After`, in
    /// whole seconds. None by default.
    pub fn retry_after(mut self, time: Duration) -> Self {
        if let Kind::Refused { retry_after, .. } = &mut *self.0 {
            *retry_after = Some(time);
        }
        self
    }

    /// Status and body of the answer.
    pub fn response(&self) -> (StatusCode, &str) {
        match &*self.0 {
            Kind::Refused { status, body, .. } => (*status, body),
            Kind::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, ""),
        }
    }

    /// The answer as it goes out: status, body as plain text if there is any, and when to try again.
    pub fn to_response(&self) -> Response<String> {
        let (status, body) = self.response();
        let mut response = plain_response(status, body);
        if let Kind::Refused { retry_after: Some(time), .. } = &*self.0 {
            // Whoever came a moment early would be refused again.
            let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> ConnectErrorKind {
        match *self.0 {
            Kind::Refused { .. } => ConnectErrorKind::Refused,
            Kind::Fault(_) => ConnectErrorKind::Fault,
        }
    }

    /// Whether connecting failed, rather than being refused.
    pub fn is_fault(&self) -> bool {
        matches!(*self.0, Kind::Fault(_))
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Refused { reason, .. } => f.write_str(reason),
            Kind::Fault(fault) => write!(f, "{fault}"),
        }
    }
}

impl fmt::Debug for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectError({self})")
    }
}
