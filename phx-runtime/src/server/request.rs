//! What every request for a connection passes, whichever transport it is for.

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
};

use http::{HeaderMap, HeaderValue, Method, Uri, header, request::Parts};

use crate::{
    connect::{
        ConnectInfo, OriginRule, Session, Site, Via, auth_token,
        params::{Params, QueryError},
        split_port,
    },
    endpoint::{Endpoint, MountedTransport},
    log,
    transport::TransportKind,
};

/// Where clients send the CSRF token that belongs to their session.
const CSRF_PARAMETER: &str = "_csrf_token";

/// A request as far as transports look at it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) via: Via,
    /// Whether the server in front let it through the gate, so that `via` is known to be right.
    pub(super) has_passed: bool,
    /// Whether it asks for a WebSocket as HTTP/2 does.
    pub(super) is_extended_connect: bool,
}

/// A request for a WebSocket over HTTP/2 (RFC 8441).
#[derive(Clone, Copy, Debug)]
pub(super) struct ExtendedConnect;

impl ExtendedConnect {
    #[cfg(feature = "tls")]
    pub(super) fn is_asked(head: &Parts) -> bool {
        let protocol = head.extensions.get::<hyper::ext::Protocol>();
        head.method == Method::CONNECT
            && protocol.is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"))
    }

    /// There is HTTP/2 with TLS alone.
    #[cfg(not(feature = "tls"))]
    pub(super) fn is_asked(_: &Parts) -> bool {
        false
    }

    /// Says so to routes that do not know HTTP/2.
    pub(super) fn mark(head: &mut Parts) {
        if Self::is_asked(head) {
            head.extensions.insert(Self);
        }
    }
}

impl Request {
    /// A request that came in over a server of others.
    pub(super) fn of(head: &Parts, peer: Option<SocketAddr>) -> Self {
        Self::new(head.clone(), head.extensions.get::<Via>().cloned(), peer)
    }

    /// One from `peer`, unless the server in front, which let it through its gate, knows better.
    pub(super) fn new(head: Parts, passed: Option<Via>, peer: Option<SocketAddr>) -> Self {
        Self {
            is_extended_connect: ExtendedConnect::is_asked(&head),
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            has_passed: passed.is_some(),
            via: passed.unwrap_or_else(|| Via::from_peer(peer)),
        }
    }

    /// Whether the server in front holds an answer back until what it waits for has come, and needs
    /// neither the request nor these routes meanwhile.
    pub(super) fn is_answered_when_ready(&self) -> bool {
        // That is our own server, which lets requests through its gate.
        self.has_passed
    }

    /// The line about the request that `transport_log` asks for.
    pub(super) fn log<O>(&self, kind: TransportKind, transport: &MountedTransport<O>) {
        let (level, method) = (transport.settings.log, self.method.as_str());
        log::request(level, kind.as_str(), method, &self.path, self.via.peer);
    }

    /// What the client put behind the path.
    pub(super) fn query(&self) -> Result<Params, QueryError> {
        Params::from_query(&self.query)
    }

    /// What the client asked for, as the proxy in front says or else its `Host`.
    fn host_header(&self) -> Option<&str> {
        let header = || self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        self.via.host.as_deref().or_else(header)
    }

    /// The host and port that the client asked for.
    fn host(&self) -> (&str, u16) {
        let (host, port) = self.host_header().and_then(split_port).unwrap_or(("", None));
        (host, port.unwrap_or(self.via.default_port()))
    }

    /// Whether the page that the request comes from may connect.
    pub(super) fn is_allowed<O>(&self, transport: &MountedTransport<O>) -> bool {
        let (host, port) = self.host();
        let site = Site { scheme: self.via.scheme(), host, port };
        let origin = self.headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
        // A rule of the application that panics allows nothing.
        let check = AssertUnwindSafe(|| transport.settings.check_origin.allows(origin, site));
        let allowed = catch_unwind(check).unwrap_or(false);
        if !allowed {
            log::origin_refused(
                origin.unwrap_or_default(),
                &self.path,
                &transport.settings.check_origin,
                self.hint(origin.unwrap_or_default(), &transport.settings.check_origin),
            );
        }
        allowed
    }

    /// Why a page that seems to be our own is none.
    fn hint(&self, origin: &[u8], check: &OriginRule) -> Option<&'static str> {
        let (OriginRule::Request, false) = (check, self.via.is_secure) else { return None };
        let is_encrypted = origin.starts_with(b"https:");
        match (self.via.is_unbelieved, is_encrypted) {
            (true, _) => Some(
                "what `Forwarded` or `X-Forwarded-..` say is not believed of this peer: \
                 name the proxy in `trust_proxies`",
            ),
            (false, true) => Some(
                "the page came over TLS and this request did not: a proxy that ends TLS has to \
                 say so in `X-Forwarded-Proto`, and to be named in `trust_proxies`",
            ),
            (false, false) => None,
        }
    }

    /// What `#[connect]` may know of the request.
    pub(super) fn connect_info<O>(
        mut self,
        kind: TransportKind,
        params: Params,
        transport: &MountedTransport<O>,
        endpoint: &Endpoint,
    ) -> ConnectInfo {
        if !transport.settings.auth_token && auth_token::is_sent(&self.headers) {
            let told = || log::auth_token_untaken(kind.as_str(), &self.path);
            transport.untaken_token.call_once(told);
        }
        let auth_token = match kind {
            _ if !transport.settings.auth_token => None,
            TransportKind::WebSocket => auth_token::take_from_subprotocols(&mut self.headers),
            _ => auth_token::take_from_header(&mut self.headers),
        };
        let session = self.session(&params, transport, endpoint);
        ConnectInfo {
            params,
            transport: kind,
            peer: self.via.peer,
            certificate: self.via.certificate.clone(),
            uri: self.uri(endpoint.0.host.name()),
            headers: ConnectInfo::shown_headers(&self.headers),
            auth_token,
            session,
            data: http::Extensions::new(),
        }
    }

    fn session<O>(
        &self,
        params: &Params,
        transport: &MountedTransport<O>,
        endpoint: &Endpoint,
    ) -> Option<Session> {
        let options = transport.settings.session.as_ref()?;
        let session = options.load(&self.headers, endpoint.secret())?;
        let token = || params.get(CSRF_PARAMETER).unwrap_or_default();
        let shown = !transport.settings.check_csrf || options.accepts_csrf_token(&session, token());
        shown.then_some(session)
    }

    /// The request's URI, with the host that the client asked for.
    fn uri(&self, own_host: &str) -> Uri {
        let target = if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        };
        let uri = |host: &str| {
            let uri = Uri::builder().scheme(self.via.scheme()).authority(host);
            uri.path_and_query(&*target).build().ok()
        };
        // An invalid `Host` is no reason to refuse a client.
        self.host_header().and_then(uri).or_else(|| uri(own_host)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(host: Option<&'static str>, query: &str) -> String {
        let mut request = Request {
            method: Method::GET,
            path: "//socket//websocket".into(),
            query: query.into(),
            headers: HeaderMap::new(),
            via: Via::default(),
            has_passed: true,
            is_extended_connect: false,
        };
        if let Some(host) = host {
            request.headers.insert(header::HOST, HeaderValue::from_static(host));
        }
        request.uri("localhost").to_string()
    }

    #[test]
    fn the_uri_has_the_host_that_was_asked_for() {
        assert_eq!(
            uri(Some("my.host:123"), "a=%20b"),
            "http://my.host:123//socket//websocket?a=%20b"
        );
        assert_eq!(uri(Some("[::1]:80"), ""), "http://[::1]:80//socket//websocket");
    }

    #[test]
    fn an_invalid_host_becomes_our_own() {
        for host in [None, Some(""), Some("a b"), Some("/")] {
            assert_eq!(uri(host, ""), "http://localhost//socket//websocket", "{host:?}");
        }
    }
}
