//! Which pages may connect.

use std::{borrow::Cow, fmt, sync::Arc};

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
    Function(Arc<dyn Fn(&Origin) -> bool + Send + Sync>),
}

impl CheckOrigin {
    /// One of these origins.
    pub fn list<T: Into<Cow<'static, str>>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self::List(origins.into_iter().map(Into::into).collect())
    }

    /// The application's own rule. It is asked about every origin, also one without a host, and not
    /// about requests without `Origin`; if it panics, the request is refused.
    ///
    /// ```
    /// use phx_runtime::{CheckOrigin, Origin};
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
        Self::Function(Arc::new(rule))
    }
}

/// What a request says in its `Origin` header: where the page is from that wants to connect.
///
/// ```
/// use phx_runtime::Origin;
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

    /// The host, in brackets if it is an IPv6 address. None if there is none, and none if there is
    /// more than scheme, host and port: no browser sends that.
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

/// Scheme, host and port under which a request or the endpoint is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// The endpoint's own host.
    pub(crate) own_host: &'a str,
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

impl CheckOrigin {
    /// Whether a request with this `Origin` may connect.
    pub(crate) fn allows(&self, origin: Option<&[u8]>, site: Site<'_>) -> bool {
        let Some(origin) = origin else { return true };
        let text = std::str::from_utf8(origin).unwrap_or_default();
        match self {
            Self::Any => true,
            Self::Host => Parts::of(text).is_some_and(|origin| origin.host == site.own_host),
            Self::Request => Parts::of(text).is_some_and(|origin| {
                origin.scheme == site.scheme
                    && origin.host == site.host
                    && origin.port_or_default() == Some(site.port)
            }),
            Self::List(allowed) => Parts::of(text).is_some_and(|origin| {
                allowed.iter().any(|allowed| Allowed::parse(allowed).admits(&origin))
            }),
            Self::Function(rule) => rule(&Origin(String::from_utf8_lossy(origin).into_owned())),
        }
    }
}

/// An origin as browsers send it. Anything with a path, a user or other extras is none, so that
/// what is compared here is what a browser meant.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
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

    fn port_or_default(&self) -> Option<u16> {
        self.port.or_else(|| default_port(self.scheme))
    }
}

/// An entry of a list.
struct Allowed<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Allowed<'a> {
    fn parse(entry: &'a str) -> Self {
        let (scheme, authority) = entry.split_once("//").unwrap_or(("", entry));
        let scheme = scheme.strip_suffix(':').filter(|scheme| !scheme.is_empty());
        let (host, port) = split_port(authority).unwrap_or((authority, None));
        let port = port.or_else(|| scheme.and_then(default_port));
        Self { scheme, host, port }
    }

    fn admits(&self, origin: &Parts<'_>) -> bool {
        let host = match self.host.strip_prefix("*.") {
            Some(domain) => origin
                .host
                .strip_suffix(domain)
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.')),
            None => origin.host == self.host,
        };
        host && self.scheme.is_none_or(|scheme| scheme == origin.scheme)
            && self.port.is_none_or(|port| Some(port) == origin.port_or_default())
    }
}

/// Splits `host:port`, with an IPv6 host in brackets.
pub(crate) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            if port.is_empty() {
                return Some((host, None));
            }
            port.bytes().all(|b| b.is_ascii_digit()).then_some((host, Some(port.parse().ok()?)))
        }
        _ => Some((authority, None)),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::{CheckOrigin, Origin, Site};

    fn allows(check: &CheckOrigin, origin: &str) -> bool {
        let site = Site { own_host: "localhost", scheme: "http", host: "my.host", port: 4000 };
        check.allows(Some(origin.as_bytes()), site)
    }

    #[test]
    fn the_default_compares_the_host_alone() {
        for good in ["http://localhost", "https://localhost:1234", "http://localhost:80"] {
            assert!(allows(&CheckOrigin::Host, good), "{good}");
        }
        for bad in [
            "null",
            "",
            "file://",
            "http://evil.com",
            "http://localhost.evil.com",
            "localhost",
            "https://evil.com\\@localhost",
            "https://evil.com@localhost",
            "https://localhost/../evil.com",
            "http://localhost:x",
        ] {
            assert!(!allows(&CheckOrigin::Host, bad), "{bad}");
        }
    }

    #[test]
    fn the_request_itself_must_match_in_every_part() {
        let check = CheckOrigin::Request;
        assert!(allows(&check, "http://my.host:4000"));
        for bad in
            ["http://my.host", "https://my.host:4000", "ws://my.host:4000", "http://host:4000"]
        {
            assert!(!allows(&check, bad), "{bad}");
        }
    }

    #[test]
    fn a_list_names_scheme_and_port_where_they_matter() {
        let check = CheckOrigin::list([
            "https://example.com",
            "//another.com:888",
            "//*.wild.com",
            "http://port.com:8080",
            "//any.com",
        ]);
        for good in [
            "https://example.com",
            "https://example.com:443",
            "http://another.com:888",
            "https://wild.com",
            "http://a.b.wild.com:99",
            "http://port.com:8080",
            "https://any.com:1",
        ] {
            assert!(allows(&check, good), "{good}");
        }
        for bad in [
            "http://example.com",
            "https://example.com:444",
            "https://www.example.com",
            "https://another.com",
            "https://notwild.com",
            "http://port.com",
            "https://Example.com",
            "https://evil.com\\@example.com",
            "example.com",
            "https://",
        ] {
            assert!(!allows(&check, bad), "{bad}");
        }
    }

    #[test]
    fn a_rule_of_the_application_is_asked_about_every_origin() {
        let files = CheckOrigin::with(|origin| origin.scheme() == Some("file"));
        assert!(allows(&files, "file://"));
        assert!(!allows(&files, "https://localhost"));
        let nowhere = CheckOrigin::with(|origin| origin.host().is_none());
        for hostless in ["null", "", "file://", "localhost", "https://evil.com@localhost"] {
            assert!(allows(&nowhere, hostless), "{hostless}");
        }
        let site = Site { own_host: "localhost", scheme: "http", host: "x", port: 80 };
        let broken = CheckOrigin::with(|origin| origin.as_str() == "http://\u{fffd}");
        assert!(broken.allows(Some(b"http://\xff"), site));
    }

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, parts) in [
            ("https://a.com", (Some("https"), Some("a.com"), Some(443))),
            ("http://a.com:81", (Some("http"), Some("a.com"), Some(81))),
            ("http://[::1]:81", (Some("http"), Some("[::1]"), Some(81))),
            ("app://a", (Some("app"), Some("a"), None)),
            ("file://", (Some("file"), None, None)),
            ("https://a.com/b", (Some("https"), None, None)),
            ("null", (None, None, None)),
            ("", (None, None, None)),
        ] {
            let origin = Origin::new(text);
            assert_eq!((origin.scheme(), origin.host(), origin.port()), parts, "{text}");
            assert_eq!(origin.to_string(), text);
        }
    }

    #[test]
    fn a_request_without_origin_is_no_page() {
        let site = Site { own_host: "localhost", scheme: "http", host: "x", port: 80 };
        assert!(CheckOrigin::Host.allows(None, site));
    }
}
