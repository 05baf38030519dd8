//! Which pages may connect.

use std::{borrow::Cow, fmt, sync::Arc};

use http::Uri;

/// Whether a request is accepted by its `Origin` header. A request without one always is: native
/// clients send none.
///
/// ```
/// use phx_runtime::CheckOrigin;
///
/// let pages = CheckOrigin::list(["https://example.com", "//*.example.org"]);
/// # let _ = pages;
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum CheckOrigin {
    /// Every origin.
    Any,
    /// The origin's host is the endpoint's own host, the default.
    Host,
    /// Scheme, host and port are those of the request itself (Phoenix's `:conn`).
    Request,
    /// The origin is one of these, each `scheme://host:port`, with scheme and port left out where
    /// they do not matter and a host that may start with `*.`.
    List(Arc<[Cow<'static, str>]>),
    /// The application decides.
    Function(Arc<dyn Fn(&Uri) -> bool + Send + Sync>),
}

impl CheckOrigin {
    /// One of these origins.
    pub fn list<T: Into<Cow<'static, str>>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self::List(origins.into_iter().map(Into::into).collect())
    }

    /// The application's own rule.
    pub fn with(rule: impl Fn(&Uri) -> bool + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(rule))
    }
}

impl fmt::Debug for CheckOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::Host => f.write_str("Host"),
            Self::Request => f.write_str("Request"),
            Self::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Self::Function(_) => f.write_str("Function"),
        }
    }
}
