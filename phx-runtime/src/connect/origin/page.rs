//! The page that wants to connect, as its browser names it.

use std::fmt;

use super::host::{default_port, split_port};

/// What a request says in its `Origin` header: where the page is from that wants to connect.
///
/// ```
/// use phx_runtime::options::Origin;
///
/// let page = Origin::new("https://example.com");
/// assert_eq!((page.scheme(), page.host(), page.port()), (Some("https"), Some("example.com"), Some(443)));
///
/// // a page without an address, such as a sandboxed frame
/// let nowhere = Origin::new("null");
/// assert_eq!((nowhere.as_str(), nowhere.host()), ("null", None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// An origin, to try a rule with.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The header as it is; bytes that are not UTF-8 are replaced by U+FFFD.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme, such as `https`; also of an origin without host, such as `file://`.
    pub fn scheme(&self) -> Option<&str> {
        let (scheme, _) = self.0.split_once("://")?;
        (!scheme.is_empty()).then_some(scheme)
    }

    /// The host, in brackets if it is an IPv6 address. None without a host, and of an invalid
    /// origin, with more than scheme, host and port: no browser sends that.
    pub fn host(&self) -> Option<&str> {
        Some(Parts::of(&self.0)?.host)
    }

    /// The port; that of `http`, `https`, `ws` and `wss` where the origin names none.
    pub fn port(&self) -> Option<u16> {
        Parts::of(&self.0)?.port_or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An origin as browsers send it. Anything with a path, a user or other extras is invalid, so that
/// what is compared here is what a browser meant.
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    port: Option<u16>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '\\', '@', '?', '#', '%'])
            || authority.contains(char::is_whitespace)
        {
            return None;
        }
        let (host, port) = split_port(authority)?;
        (!scheme.is_empty() && !host.is_empty()).then_some(Self { scheme, host, port })
    }

    pub(super) fn port_or_default(&self) -> Option<u16> {
        self.port.or_else(|| default_port(self.scheme))
    }
}
