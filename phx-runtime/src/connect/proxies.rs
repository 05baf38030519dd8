//! Which proxies are believed, and what they say of a client.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, HeaderName, header::FORWARDED, uri::Authority};
use ipnet::IpNet;

use super::via::Via;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The proxies in front of the server, by their addresses; given to
/// [`Builder::trust_proxies`](crate::server::Builder::trust_proxies).
///
/// An entry is an address, a network such as `10.0.0.0/8`, or `unix` for whoever connects through a
/// Unix socket of the server. A request from one of them has the client's address, scheme and host in
/// `X-Forwarded-For`, `-Proto` and `-Host`, or in `Forwarded` (RFC 7239). From anybody else these
/// headers mean nothing.
///
/// ```
/// use phx_runtime::{Endpoint, options::TrustedProxies};
///
/// let endpoint = Endpoint::builder().trust_proxies(["127.0.0.1", "10.0.0.0/8"]).build()?;
/// // A proxy that writes `Forwarded` and passes on what clients send as `X-Forwarded-For`:
/// let rfc_7239 = TrustedProxies::new(["10.0.0.7"]).forwarded();
/// let endpoint = Endpoint::builder().trust_proxies(rfc_7239).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Phoenix counterpart: `Plug.RewriteOn` and the `remote_ip` package.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    entries: Vec<String>,
    headers: Headers,
}

/// Which headers are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Headers {
    /// Whichever the request has. One that has both was tampered with: each proxy writes one kind.
    #[default]
    Either,
    Forwarded,
    XForwarded,
}

impl TrustedProxies {
    /// Believes these, whichever kind of headers they write. A request with both kinds is answered
    /// with status 400, since only one of them can be the proxy's.
    pub fn new<T: Into<String>>(entries: impl IntoIterator<Item = T>) -> Self {
        Self { entries: entries.into_iter().map(Into::into).collect(), headers: Headers::Either }
    }

    /// Reads `Forwarded` alone, whatever `X-Forwarded-..` says.
    pub fn forwarded(mut self) -> Self {
        self.headers = Headers::Forwarded;
        self
    }

    /// Reads `X-Forwarded-For`, `-Proto` and `-Host` alone, whatever `Forwarded` says.
    pub fn x_forwarded(mut self) -> Self {
        self.headers = Headers::XForwarded;
        self
    }
}

/// What can say which proxies are trusted: a list of texts, or a [`TrustedProxies`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of proxies",
    label = "expected a list of texts",
    note = "`trust_proxies([\"127.0.0.1\", \"10.0.0.0/8\", \"unix\"])`"
)]
pub trait ProxyList: Into<TrustedProxies> {}

#[diagnostic::do_not_recommend]
impl<T: Into<TrustedProxies>> ProxyList for T {}

impl<T: Into<String>, I: IntoIterator<Item = T>> From<I> for TrustedProxies {
    fn from(entries: I) -> Self {
        Self::new(entries)
    }
}

/// An entry that names no proxy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoProxy {
    pub(crate) entry: String,
    pub(crate) problem: &'static str,
}

/// [`TrustedProxies`] that were read.
#[derive(Debug, Default)]
pub(crate) struct ProxyRule {
    networks: Vec<IpNet>,
    local: bool,
    headers: Headers,
}

/// A request has headers of both kinds, of which one is forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request has either `Forwarded` or `X-Forwarded-..`")
    }
}

impl ProxyRule {
    pub(crate) fn new(proxies: &TrustedProxies) -> Result<Self, NoProxy> {
        let mut rule = Self { headers: proxies.headers, ..Self::default() };
        for entry in &proxies.entries {
            let text = entry.trim();
            if text == "unix" {
                rule.local = true;
            } else if let Ok(address) = text.parse::<IpAddr>() {
                rule.networks.push(address.into());
            } else if let Ok(network) = text.parse::<IpNet>() {
                rule.networks.push(network);
            } else {
                return Err(NoProxy {
                    entry: entry.clone(),
                    problem: "it is an address, a network such as \"10.0.0.0/8\", or \"unix\"",
                });
            }
        }
        Ok(rule)
    }

    /// Whether nobody is believed.
    pub(crate) fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.local
    }

    /// Whether what somebody at this address says of others is believed.
    pub(crate) fn trusts(&self, peer: Option<SocketAddr>, is_local: bool) -> bool {
        match peer {
            Some(peer) => self.has(peer.ip()),
            None => is_local && self.local,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// How a request reached the outermost trusted proxy, if it came through one.
    pub(crate) fn resolve(&self, mut via: Via, headers: &HeaderMap) -> Result<Via, Ambiguous> {
        let x_forwarded = [FOR, PROTO, HOST].iter().any(|name| headers.contains_key(name));
        let forwarded = headers.contains_key(FORWARDED);
        if !x_forwarded && !forwarded {
            return Ok(via);
        }
        if !self.trusts(via.peer, via.is_local) {
            via.is_unbelieved = true;
            return Ok(via);
        }
        let reads_forwarded = match self.headers {
            Headers::Either if x_forwarded && forwarded => return Err(Ambiguous),
            Headers::Either => forwarded,
            Headers::Forwarded => true,
            Headers::XForwarded => false,
        };
        let told = if reads_forwarded {
            self.told_in_forwarded(headers)
        } else {
            self.told_in_x_forwarded(headers)
        };
        via.peer = told.peer.or(via.peer);
        via.is_secure = match told.proto.as_deref() {
            Some(proto) => ["https", "wss"].iter().any(|it| proto.eq_ignore_ascii_case(it)),
            None => via.is_secure,
        };
        via.host = told
            .host
            .filter(|host| !host.contains('@') && Authority::try_from(host.as_str()).is_ok());
        Ok(via)
    }

    /// Each proxy wrote one element, behind those that it was sent.
    fn told_in_forwarded(&self, headers: &HeaderMap) -> Told {
        let all = joined(headers, &FORWARDED);
        let mut elements: Vec<_> = split(&all, ',').map(Element::new).collect();
        let addresses = elements.iter().map(|element| element.node.as_deref());
        let (at, peer) = self.client(&addresses.collect::<Vec<_>>());
        let element = elements.get_mut(at).map(std::mem::take).unwrap_or_default();
        Told { peer, proto: element.proto, host: element.host }
    }

    fn told_in_x_forwarded(&self, headers: &HeaderMap) -> Told {
        let nodes = joined(headers, &FOR);
        let nodes: Vec<_> = split(&nodes, ',').map(str::trim).map(Some).collect();
        let (at, peer) = self.client(&nodes);
        // How many proxies lie between the one that the client reached and the server. Where a list
        // is shorter, the outer one's value was passed on or is the only one.
        let behind = nodes.len().saturating_sub(at + 1);
        let value = |name: &HeaderName| {
            let all = joined(headers, name);
            let values: Vec<_> =
                split(&all, ',').map(str::trim).filter(|it| !it.is_empty()).collect();
            let last = values.len().checked_sub(1)?;
            values.get(last - behind.min(last)).map(|value| (*value).to_owned())
        };
        Told { peer, proto: value(&PROTO), host: value(&HOST) }
    }

    /// The place in the list of the first address, from the nearest on, that is no proxy of ours, and
    /// that address; the farthest one if all are. One that cannot be read ends the search.
    fn client(&self, nodes: &[Option<&str>]) -> (usize, Option<SocketAddr>) {
        let mut known = (nodes.len().saturating_sub(1), None);
        for (at, node) in nodes.iter().enumerate().rev() {
            let Some(address) = node.and_then(address) else {
                // It was still this proxy that was asked.
                return (at, known.1);
            };
            known = (at, Some(address));
            if !self.has(address.ip()) {
                break;
            }
        }
        known
    }
}

/// What a proxy says of a client.
struct Told {
    peer: Option<SocketAddr>,
    proto: Option<String>,
    host: Option<String>,
}

/// One element of `Forwarded`.
#[derive(Default)]
struct Element {
    node: Option<String>,
    proto: Option<String>,
    host: Option<String>,
}

impl Element {
    fn new(text: &str) -> Self {
        let mut element = Self::default();
        for pair in split(text, ';') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let value = value.trim();
            let value = match value.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
                Some(quoted) => quoted.replace('\\', ""),
                None => value.to_owned(),
            };
            match &*key.trim().to_ascii_lowercase() {
                "for" => element.node = Some(value),
                "proto" => element.proto = Some(value),
                "host" => element.host = Some(value),
                _ => {}
            }
        }
        element
    }
}

/// The values of a header that is a list, which may be sent in pieces. What is not text is left out.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    values.collect::<Vec<_>>().join(",")
}

/// The parts between separators that are not within quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c| {
        let is_text = escaped;
        escaped = quoted && c == '\\' && !is_text;
        if c == '"' && !is_text {
            quoted = !quoted;
        }
        c == separator && !quoted
    })
}

/// An address with or without a port, as either kind of header writes it.
fn address(node: &str) -> Option<SocketAddr> {
    if let Ok(address) = node.parse::<SocketAddr>() {
        return Some(address);
    }
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    bare.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 0))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Ambiguous, NoProxy, ProxyRule, TrustedProxies, Via};

    fn rule(entries: &[&str]) -> ProxyRule {
        ProxyRule::new(&TrustedProxies::new(entries.iter().copied())).unwrap()
    }

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let header =
            |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        given.iter().copied().map(header).collect()
    }

    /// Peer, scheme and host.
    fn told(rule: &ProxyRule, given: &[(&'static str, &'static str)]) -> (String, bool, String) {
        let via = Via::from_peer(Some("10.0.0.1:5".parse().unwrap()));
        let via = rule.resolve(via, &headers(given)).unwrap();
        let peer = via.peer.map(|peer| peer.to_string()).unwrap_or_default();
        (peer, via.is_secure, via.host.unwrap_or_default())
    }

    fn is(peer: &str, secure: bool, host: &str) -> (String, bool, String) {
        (peer.to_owned(), secure, host.to_owned())
    }

    #[test]
    fn a_trusted_proxy_tells_who_the_client_is_and_what_it_asked_for() {
        let rule = rule(&["10.0.0.0/8"]);
        let given = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "example.com"),
        ];
        assert_eq!(told(&rule, &given), is("203.0.113.9:0", true, "example.com"));
        let given =
            [("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;host=\"example.com:8443\"")];
        assert_eq!(told(&rule, &given), is("[2001:db8::1]:4711", true, "example.com:8443"));
    }

    #[test]
    fn nobody_else_is_believed() {
        let given = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=203.0.113.9"),
        ];
        for rule in [rule(&[]), rule(&["10.0.0.2", "192.168.0.0/16", "unix"])] {
            assert_eq!(told(&rule, &given), is("10.0.0.1:5", false, ""));
        }
    }

    #[test]
    fn what_a_client_wrote_itself_stands_before_what_the_proxies_wrote() {
        let rule = rule(&["10.0.0.0/8"]);
        let forged = [
            ("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.2"),
            ("x-forwarded-proto", "ftp, https, http"),
            ("x-forwarded-host", "evil.example, example.com, inner"),
        ];
        assert_eq!(told(&rule, &forged), is("203.0.113.9:0", true, "example.com"));
        let forged = [(
            "forwarded",
            "for=1.1.1.1;host=evil.example, for=203.0.113.9;proto=https;host=example.com, \
             for=10.0.0.2;proto=http;host=inner",
        )];
        assert_eq!(told(&rule, &forged), is("203.0.113.9:0", true, "example.com"));
    }

    #[test]
    fn an_address_that_cannot_be_read_ends_at_the_last_proxy_that_is_known() {
        let rule = rule(&["10.0.0.0/8"]);
        for odd in ["unknown", "_hidden", "", "300.0.0.1", "1.2.3.4:x"] {
            let given = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", odd)];
            assert_eq!(told(&rule, &given).0, "10.0.0.1:5", "{odd}");
        }
        let all_ours = [("x-forwarded-for", "10.1.1.1, 10.2.2.2")];
        assert_eq!(told(&rule, &all_ours).0, "10.1.1.1:0");
    }

    #[test]
    fn a_request_with_both_kinds_is_ambiguous_unless_one_was_chosen() {
        let both = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.7")];
        let via = || Via::from_peer(Some("10.0.0.1:5".parse().unwrap()));
        let refused = rule(&["10.0.0.1"]).resolve(via(), &headers(&both));
        assert_eq!(refused.err(), Some(Ambiguous));
        let proxies = TrustedProxies::new(["10.0.0.1"]);
        for (proxies, peer) in [
            (proxies.clone().forwarded(), "198.51.100.7:0"),
            (proxies.x_forwarded(), "203.0.113.9:0"),
        ] {
            assert_eq!(told(&ProxyRule::new(&proxies).unwrap(), &both).0, peer);
        }
    }

    #[test]
    fn a_host_that_is_none_is_left_out() {
        let rule = rule(&["10.0.0.1"]);
        for host in ["", "a b", "user@example.com", "/"] {
            let via = Via::from_peer(Some("10.0.0.1:5".parse().unwrap()));
            let mut headers = headers(&[("x-forwarded-for", "203.0.113.9")]);
            headers.insert("x-forwarded-host", HeaderValue::from_str(host).unwrap());
            assert_eq!(rule.resolve(via, &headers).unwrap().host, None, "{host}");
        }
    }

    #[test]
    fn quotes_hold_separators() {
        let rule = rule(&["10.0.0.1"]);
        let given = [("forwarded", "for=1.1.1.1;host=\"a,b\\\";c\", for=2.2.2.2;By=\"x;host=y\"")];
        assert_eq!(told(&rule, &given), is("2.2.2.2:0", false, ""));
    }

    #[test]
    fn who_comes_through_a_unix_socket_is_believed_if_that_is_said() {
        let headers = headers(&[("x-forwarded-for", "203.0.113.9")]);
        let via = Via { is_local: true, ..Via::default() };
        let believed = rule(&["unix"]).resolve(via.clone(), &headers).unwrap();
        assert_eq!(believed.peer, Some("203.0.113.9:0".parse().unwrap()));
        let unbelieved = rule(&["127.0.0.1"]).resolve(via, &headers).unwrap();
        assert!(unbelieved.peer.is_none() && unbelieved.is_unbelieved);
    }

    #[test]
    fn an_entry_that_is_no_address_is_refused() {
        for entry in ["", "localhost", "10.0.0.0/33", "10.0.0", "*"] {
            let refused = ProxyRule::new(&TrustedProxies::new([entry]));
            assert!(matches!(refused, Err(NoProxy { entry: told, .. }) if told == entry));
        }
    }
}
