//! Which pages may connect.

use std::{
    borrow::Cow,
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

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

/// Scheme, host and port under which a request reaches the endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

/// Under which name browsers reach the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnHost {
    /// Nothing was said: the machine itself, by whatever name.
    Loopback,
    Named(String),
}

impl OwnHost {
    /// A host as browsers write it, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let host = text.trim().to_ascii_lowercase();
        if let Some((_, rest)) = host.split_once("//") {
            let name = rest.split('/').next().unwrap_or_default();
            return Err(format!("it is a name without a scheme: \"{name}\""));
        }
        if host.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self::Named(format!("[{host}]")));
        }
        match split_port(&host) {
            Some((name, None)) => check_host(name).map(|()| Self::Named(name.to_owned())),
            Some((name, Some(_))) => Err(format!("it is a name without a port: \"{name}\"")),
            None => Err("it is a name, such as \"example.com\"".to_owned()),
        }
    }

    /// The name by which the endpoint calls itself.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Loopback => "localhost",
            Self::Named(name) => name,
        }
    }

    fn is(&self, host: &str) -> bool {
        match self {
            Self::Named(name) => name == host,
            Self::Loopback => {
                let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
                host == "localhost"
                    || host.ends_with(".localhost")
                    || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
                    || address
                        .and_then(|it| it.parse::<Ipv6Addr>().ok())
                        .is_some_and(|ip| ip.is_loopback())
            }
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

/// An entry of a list that no page can have as its origin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoOrigin {
    pub(crate) entry: String,
    pub(crate) problem: String,
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
            Self::Function(Rule(rule)) => {
                rule(&Origin(String::from_utf8_lossy(origin).into_owned()))
            }
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

/// How many entries of a list a log line has.
const SHOWN: usize = 10;

/// An origin as browsers send it. Anything with a path, a user or other extras is invalid, so that
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

/// An entry of a list, as browsers write it.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    scheme: Option<String>,
    /// Whether the host stands for its subdomains too.
    wild: bool,
    host: String,
    port: Option<u16>,
}

impl Allowed {
    /// Capitals, blanks around and a `/` at the end mean nothing, as in an address bar.
    fn parse(entry: &str) -> Result<Self, NoOrigin> {
        let refused =
            |problem: &str| NoOrigin { entry: entry.to_owned(), problem: problem.to_owned() };
        let text = entry.trim().to_ascii_lowercase();
        let (scheme, authority) = text.split_once("//").unwrap_or(("", &text));
        let scheme = match scheme.strip_suffix(':') {
            Some("") => return Err(refused("it begins with the scheme, as in \"https://\"")),
            None if !scheme.is_empty() => return Err(refused("there is no `:` after its scheme")),
            scheme => scheme,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if text == "null" {
            return Err(refused(
                "only a rule made with `CheckOrigin::with` sees pages without a host",
            ));
        }
        if authority == "*" {
            return Err(refused("every origin is `CheckOrigin::ANY`"));
        }
        if authority.contains('/') {
            return Err(refused("an origin has no path"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| refused("its port is no number"))?;
        let wild = host.strip_prefix("*.");
        check_host(wild.unwrap_or(host)).map_err(|problem| refused(&problem))?;
        Ok(Self {
            scheme: scheme.map(str::to_owned),
            wild: wild.is_some(),
            host: wild.unwrap_or(host).to_owned(),
            port: port.or_else(|| scheme.and_then(default_port)),
        })
    }

    fn admits(&self, origin: &Parts<'_>) -> bool {
        let host = match origin.host.strip_suffix(&*self.host) {
            Some("") => true,
            Some(sub) => self.wild && sub.ends_with('.'),
            None => false,
        };
        host && self.scheme.as_ref().is_none_or(|scheme| scheme == origin.scheme)
            && self.port.is_none_or(|port| Some(port) == origin.port_or_default())
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_deref();
        if let Some(scheme) = scheme {
            write!(f, "{scheme}:")?;
        }
        write!(f, "//{}{}", if self.wild { "*." } else { "" }, self.host)?;
        match self.port {
            Some(port) if scheme.and_then(default_port) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

/// Whether browsers can write this host, which is in lower case.
fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').and_then(|it| it.parse::<Ipv6Addr>().ok());
        // Browsers shorten an address in one way only.
        return match address.map(|address| format!("[{address}]")) {
            Some(short) if short == host => Ok(()),
            Some(short) => Err(format!("browsers write this address \"{short}\"")),
            None => Err("its brackets hold no IPv6 address".to_owned()),
        };
    }
    match host.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._".contains(*c))) {
        None => Ok(()),
        Some('*') => Err("`*` stands for subdomains only, as in \"//*.example.com\"".to_owned()),
        Some(':') => Err("an IPv6 address has brackets around it".to_owned()),
        Some(odd) if !odd.is_ascii() => {
            Err("browsers write such a name in Punycode, as \"xn--..\"".to_owned())
        }
        Some(odd) => Err(format!("a host cannot contain `{}`", odd.escape_default())),
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
        match &self.0 {
            Check::Any => f.write_str("Any"),
            Check::Host => f.write_str("Host"),
            Check::Request => f.write_str("Request"),
            Check::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Check::Function(_) => f.write_str("Function"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckOrigin, Origin, OriginRule, OwnHost, Site};

    fn rule(check: &CheckOrigin) -> OriginRule {
        OriginRule::new(check, &OwnHost::parse("localhost").unwrap()).unwrap()
    }

    fn allows(check: &CheckOrigin, origin: &str) -> bool {
        let site = Site { scheme: "http", host: "my.host", port: 4000 };
        rule(check).allows(Some(origin.as_bytes()), site)
    }

    #[test]
    fn the_default_compares_the_host_alone() {
        for good in ["http://localhost", "https://localhost:1234", "http://localhost:80"] {
            assert!(allows(&CheckOrigin::HOST, good), "{good}");
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
            assert!(!allows(&CheckOrigin::HOST, bad), "{bad}");
        }
    }

    #[test]
    fn the_request_itself_must_match_in_every_part() {
        let check = CheckOrigin::REQUEST;
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
        let site = Site { scheme: "http", host: "x", port: 80 };
        let broken = CheckOrigin::with(|origin| origin.as_str() == "http://\u{fffd}");
        assert!(rule(&broken).allows(Some(b"http://\xff"), site));
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
        let site = Site { scheme: "http", host: "x", port: 80 };
        assert!(rule(&CheckOrigin::HOST).allows(None, site));
    }

    #[test]
    fn without_a_host_every_name_of_the_machine_itself_is_its_own() {
        let rule = OriginRule::new(&CheckOrigin::HOST, &OwnHost::Loopback).unwrap();
        let allows = |origin: &str| {
            rule.allows(Some(origin.as_bytes()), Site { scheme: "http", host: "x", port: 80 })
        };
        for good in [
            "http://localhost:4000",
            "http://127.0.0.1:4000",
            "https://127.1.2.3",
            "http://[::1]:4000",
            "http://app.localhost",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "http://example.com",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://127.evil.com",
            "http://notlocalhost",
            "http://[::2]",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "null",
        ] {
            assert!(!allows(bad), "{bad}");
        }
        assert!(!OwnHost::Named("localhost".into()).is("127.0.0.1"));
    }

    #[test]
    fn what_people_write_into_a_list_means_what_a_browser_sends() {
        for entry in [
            "https://example.com/",
            " https://example.com ",
            "HTTPS://Example.COM",
            "https://example.com:443",
            "//EXAMPLE.com/",
            "example.com",
        ] {
            assert!(allows(&CheckOrigin::list([entry]), "https://example.com"), "{entry}");
        }
    }

    #[test]
    fn an_entry_that_no_browser_can_send_is_refused() {
        for (entry, problem) in [
            ("https://example.com/app", "path"),
            ("https://", "no host"),
            ("//", "no host"),
            ("", "no host"),
            ("*", "CheckOrigin::ANY"),
            ("null", "CheckOrigin::with"),
            ("https://*", "CheckOrigin::ANY"),
            ("https://a.*.com", "subdomains"),
            ("https//example.com", "no `:`"),
            ("://example.com", "scheme"),
            ("https://example.com:port", "port"),
            ("https://example.com:70000", "port"),
            ("https://me@example.com", "`@`"),
            ("https://exa mple.com", "` `"),
            ("https://bücher.example", "Punycode"),
            ("http://::1", "brackets"),
            ("http://[::0:1]", "[::1]"),
            ("http://[x]", "IPv6"),
            ("file://", "no host"),
        ] {
            let check = CheckOrigin::list(["https://good.com", entry]);
            let error = OriginRule::new(&check, &OwnHost::Loopback).unwrap_err();
            assert_eq!(error.entry, entry);
            assert!(error.problem.contains(problem), "{entry}: {}", error.problem);
        }
    }

    #[test]
    fn a_host_is_a_name_alone() {
        for (text, name) in [
            ("Example.com ", "example.com"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(OwnHost::parse(text).unwrap().name(), name);
        }
        for (text, problem) in [
            ("https://x", "without a scheme: \"x\""),
            ("//x/y", "without a scheme: \"x\""),
            ("x:4000", "without a port: \"x\""),
            ("x/y", "`/`"),
            ("*.example.com", "subdomains"),
            ("", "no host"),
            ("x:y", "a name"),
        ] {
            let error = OwnHost::parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
