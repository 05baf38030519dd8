//! What is asked of the head of a request before any route sees it.

use http::{HeaderValue, Method, StatusCode, Version, header, request::Parts, uri::Authority};

use super::request::ExtendedConnect;
use crate::connect::split_port;

/// Why a request is answered without any route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrouted {
    /// `Host` is missing, there are two, or it is not a host. RFC 9112, section 3.2.
    Host,
    /// The target is neither a path nor a URL: an authority, which belongs to `CONNECT` alone, or
    /// `*`, which belongs to `OPTIONS` alone.
    Target,
    /// A client takes the server for a proxy.
    Connect,
    /// `OPTIONS *`, which asks about the server as a whole.
    Ping,
}

impl Unrouted {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Target => StatusCode::BAD_REQUEST,
            Self::Connect => StatusCode::NOT_IMPLEMENTED,
            Self::Ping => StatusCode::NO_CONTENT,
        }
    }

    /// What the answer says; empty for what is no mistake.
    pub(super) fn explanation(self) -> &'static str {
        match self {
            Self::Host => "a request needs one valid `Host` header",
            Self::Target => "the request's target is neither a path nor a URL",
            Self::Connect => "this server is not a proxy",
            Self::Ping => "",
        }
    }
}

/// Whether routes may see a request. warp's filters panic where the target has no path.
///
/// `Host` becomes the one of the target where that is a URL, as RFC 9112, section 3.2.2 demands, so
/// that nothing behind has two to choose from.
pub(crate) fn check(head: &mut Parts) -> Result<(), Unrouted> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if head.version < Version::HTTP_11 => {}
        (Some(host), None) if is_host(host.as_bytes()) => {}
        // The target names it, as below.
        (None, _) if head.version == Version::HTTP_2 && head.uri.authority().is_some() => {}
        _ => return Err(Unrouted::Host),
    }
    if head.method == Method::CONNECT && !ExtendedConnect::is_asked(head) {
        return Err(Unrouted::Connect);
    }
    match head.uri.path_and_query() {
        Some(target) if target.path().starts_with('/') => {}
        Some(target) if target == "*" && head.method == Method::OPTIONS => {
            return Err(Unrouted::Ping);
        }
        _ => return Err(Unrouted::Target),
    }
    name_host(head)
}

/// Makes `Host` the host of the target, where that is a URL.
pub(super) fn name_host(head: &mut Parts) -> Result<(), Unrouted> {
    let Some(authority) = head.uri.authority() else { return Ok(()) };
    let host = authority.as_str();
    if !is_host(host.as_bytes()) {
        return Err(Unrouted::Target);
    }
    let host = HeaderValue::from_str(host).map_err(|_| Unrouted::Target)?;
    head.headers.insert(header::HOST, host);
    Ok(())
}

/// A name or an address, with a port or without, and nothing before it.
fn is_host(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else { return false };
    let host = authority.as_str();
    let Some((host, _)) = split_port(host).filter(|_| !host.contains('@')) else { return false };
    // The parser takes colons and brackets wherever they are.
    let inner = host.strip_prefix('[').map_or(Some(host), |host| host.strip_suffix(']'));
    inner.is_some_and(|inner| {
        !inner.is_empty()
            && !inner.contains(['[', ']'])
            && (inner.len() < host.len() || !inner.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::{Unrouted, check, is_host};

    #[test]
    fn hosts_are_names_and_addresses_with_or_without_a_port() {
        for host in [
            "a",
            "example.com",
            "a_b.example",
            "localhost:4000",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:80",
            "xn--bcher-kva.example",
            "a.",
            "a:",
            "[v1.a:b]",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "a/b",
            "/",
            "http://a",
            "a@b",
            "user:pass@a",
            "a:b",
            "a:80:90",
            "a:65536",
            "a:-1",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[::1]a",
            "a[::1]",
            "a,b",
            "a?b",
            "a#b",
            "a\\b",
            "gr\u{fc}n",
            "a:80a",
            "<a>",
            "a\"",
        ] {
            // A comma is a sub-delimiter, of which registered names may consist.
            assert_eq!(is_host(host.as_bytes()), host == "a,b", "{host}");
        }
        assert!(!is_host(b"\xff"));
    }

    #[test]
    fn the_target_of_a_whole_url_names_the_host() {
        let request = Request::get("http://example.com:81/a?b").header("host", "other");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        check(&mut head).unwrap();
        assert_eq!(head.headers["host"], "example.com:81");
        let request = Request::get("http://user@example.com/").header("host", "other");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(check(&mut head), Err(Unrouted::Target));
    }
}
