//! Which pages may connect.

mod allowed;
mod host;
mod own_host;
mod page;

use std::{borrow::Cow, fmt, sync::Arc};

pub use self::page::Origin;
use self::{allowed::Allowed, page::Parts};
pub(crate) use self::{
    allowed::NoOrigin,
    host::split_port,
    own_host::{OwnHost, Site},
};

/// How many entries of a list a log line has.
const SHOWN: usize = 10;

/// Whether a request is accepted by its `Origin` header. A request without one always is: native
/// clients send none.
///
/// ```
/// use phx_runtime::options::CheckOrigin;
///
/// let pages = CheckOrigin::list(["https://example.com", "//*.example.org"]);
/// # let _ = pages;
/// ```
#[derive(Clone)]
pub struct CheckOrigin(Check);

#[derive(Clone)]
enum Check {
    Any,
    Host,
    Request,
    List(Arc<[Cow<'static, str>]>),
    Function(Rule),
}

impl CheckOrigin {
    /// Every origin.
    pub const ANY: Self = Self(Check::Any);

    /// The origin's host is the endpoint's own [`host`](crate::server::Builder::host), the default.
    /// Where none was set, it is `localhost`, a name below it, or a loopback address.
    pub const HOST: Self = Self(Check::Host);

    /// Scheme, host and port are those of the request itself (Phoenix's `:conn`).
    pub const REQUEST: Self = Self(Check::Request);

    /// One of these origins, each `scheme://host:port`, with scheme and port left out where they do not
    /// matter and a host that may start with `*.`. Capitals, blanks around it and a `/` at its end mean
    /// nothing; what no browser can send is a [`BuildError`](crate::server::BuildError).
    pub fn list<T: Into<Cow<'static, str>>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self(Check::List(origins.into_iter().map(Into::into).collect()))
    }

    /// The application's own rule. It is asked about every origin, also one without a host, and not
    /// about requests without `Origin`; if it panics, the request is refused.
    ///
    /// ```
    /// use phx_runtime::options::{CheckOrigin, Origin};
    ///
    /// /// Pages of our own, and the files of our desktop application.
    /// fn ours(origin: &Origin) -> bool {
    ///     origin.host() == Some("example.com") || origin.as_str() == "file://"
    /// }
    ///
    /// let check = CheckOrigin::with(ours);
    /// assert!(ours(&Origin::new("https://example.com:8443")));
    /// assert!(!ours(&Origin::new("null")));
    /// # let _ = check;
    /// ```
    ///
    /// Phoenix counterpart: `check_origin: {module, function, args}`.
    pub fn with(rule: impl Fn(&Origin) -> bool + Send + Sync + 'static) -> Self {
        Self(Check::Function(Rule(Arc::new(rule))))
    }
}

impl fmt::Debug for CheckOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Check::Any => f.write_str("Any"),
            Check::Host => f.write_str("Host"),
            Check::Request => f.write_str("Request"),
            Check::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Check::Function(_) => f.write_str("Function"),
        }
    }
}

/// A [`CheckOrigin`] that was checked itself: what it compares is written as browsers write it.
#[derive(Clone, Debug)]
pub(crate) enum OriginRule {
    Any,
    Host(OwnHost),
    Request,
    List(Vec<Allowed>),
    Function(Rule),
}

/// The application's own rule.
#[derive(Clone)]
pub(crate) struct Rule(Arc<dyn Fn(&Origin) -> bool + Send + Sync>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule(..)")
    }
}

impl OriginRule {
    pub(crate) fn new(check: &CheckOrigin, own: &OwnHost) -> Result<Self, NoOrigin> {
        Ok(match &check.0 {
            Check::Any => Self::Any,
            Check::Host => Self::Host(own.clone()),
            Check::Request => Self::Request,
            Check::List(entries) => Self::List(
                entries.iter().map(|entry| Allowed::parse(entry)).collect::<Result<_, _>>()?,
            ),
            Check::Function(rule) => Self::Function(rule.clone()),
        })
    }

    /// Whether a request with this `Origin` may connect.
    pub(crate) fn allows(&self, origin: Option<&[u8]>, site: Site<'_>) -> bool {
        let Some(origin) = origin else { return true };
        let text = std::str::from_utf8(origin).unwrap_or_default();
        match self {
            Self::Any => true,
            Self::Host(own) => Parts::of(text).is_some_and(|origin| own.is(origin.host)),
            Self::Request => Parts::of(text).is_some_and(|origin| {
                origin.scheme == site.scheme
                    && origin.host == site.host
                    && origin.port_or_default() == Some(site.port)
            }),
            Self::List(allowed) => Parts::of(text)
                .is_some_and(|origin| allowed.iter().any(|allowed| allowed.admits(&origin))),
            Self::Function(Rule(rule)) => rule(&Origin::new(String::from_utf8_lossy(origin))),
        }
    }
}

impl fmt::Display for OriginRule {
    /// Says what is accepted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("every origin"),
            Self::Host(OwnHost::Loopback) => f.write_str(
                "pages under localhost and other names of this machine, because the endpoint has no `host`",
            ),
            Self::Host(OwnHost::Named(host)) => write!(f, "pages under the endpoint's host {host}"),
            Self::Request => f.write_str("pages under the address that is asked for"),
            Self::List(list) => {
                // An operator looks for one that is almost right; of many, the first will do.
                for (index, allowed) in list.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{allowed}", if index == 0 { "" } else { ", " })?;
                }
                if list.len() > SHOWN { write!(f, " and {} more", list.len() - SHOWN) } else { Ok(()) }
            }
            Self::Function(_) => f.write_str("what the application's rule accepts"),
        }
    }
}

#[cfg(test)]
mod tests;
