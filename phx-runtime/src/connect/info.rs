//! A client asks for a connection.

use std::{fmt, net::SocketAddr, sync::Arc};

use http::{Extensions, HeaderMap, HeaderValue, Uri, header::USER_AGENT, uri::Scheme};

use super::session_cookie::Session;
use crate::{connect::params::Params, transport::TransportKind};

/// What `#[connect]` can know of the request, as `&ConnectInfo`.
///
/// Cookies, `Authorization` and all other headers are deliberately not part of it. Phoenix
/// counterpart: `connect_info`, whose keys are methods here and need no list in advance.
#[derive(Clone)]
pub struct ConnectInfo {
    pub(crate) params: Params,
    pub(crate) transport: TransportKind,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) certificate: Option<Arc<[u8]>>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) auth_token: Option<String>,
    pub(crate) session: Option<Session>,
    pub(crate) data: Extensions,
}

impl ConnectInfo {
    /// What a request without headers from `params` alone tells; for tests and other transports.
    pub fn new(transport: TransportKind, params: Params) -> Self {
        Self {
            params,
            transport,
            peer: None,
            certificate: None,
            uri: Uri::default(),
            headers: HeaderMap::new(),
            auth_token: None,
            session: None,
            data: Extensions::new(),
        }
    }

    /// With the client's address.
    pub fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// With the request's URI.
    pub fn with_uri(mut self, uri: Uri) -> Self {
        self.uri = uri;
        self
    }

    /// With those of a request's headers that are shown at all.
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        self.headers = Self::shown_headers(headers);
        self
    }

    /// With the token that the client sent outside of the URL.
    pub fn with_auth_token(mut self, token: impl Into<String>) -> Self {
        self.auth_token = Some(token.into());
        self
    }

    /// With the session of the application.
    pub fn with_session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }

    /// With something that only this transport knows, told apart by its type; see
    /// [`data`](Self::data).
    ///
    /// ```
    /// use phx_runtime::{ConnectInfo, Params, transport::TransportKind};
    ///
    /// #[derive(Clone)]
    /// struct Serial(u32);
    ///
    /// let info = ConnectInfo::new(TransportKind::Custom("modem"), Params::default());
    /// let info = info.with_data(Serial(7));
    /// assert_eq!(info.data::<Serial>().map(|serial| serial.0), Some(7));
    /// ```
    pub fn with_data<T: Clone + Send + Sync + 'static>(mut self, data: T) -> Self {
        self.data.insert(data);
        self
    }

    /// What the transport told beside all this; the built-in ones tell nothing.
    pub fn data<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.data.get()
    }

    /// The connection parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The transport.
    pub fn transport(&self) -> TransportKind {
        self.transport
    }

    /// The client's address, unless the server in front does not tell. Behind
    /// [trusted proxies](crate::options::TrustedProxies) it is what they say, with port 0 where they
    /// tell none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The certificate that the client showed, as DER, where TLS ends in this server (feature `tls`) and
    /// asks for one. It was checked.
    pub fn client_certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The request's URI, with scheme, host and port as the client asked for them: those of the
    /// connection and its `Host` header, or what
    /// [trusted proxies](crate::options::TrustedProxies) say.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The port that the client asked for; that of the scheme where the `Host` header has none.
    pub fn port(&self) -> u16 {
        let is_https = self.uri.scheme() == Some(&Scheme::HTTPS);
        self.uri.port_u16().unwrap_or(if is_https { 443 } else { 80 })
    }

    /// The `User-Agent`.
    pub fn user_agent(&self) -> Option<&str> {
        text(self.headers.get(USER_AGENT)?)
    }

    /// All headers whose name starts with `x-`, in lower case; of a repeated one, each by itself.
    ///
    /// ```
    /// fn forwarded_for(info: &phx_runtime::ConnectInfo) -> Option<&str> {
    ///     info.x_headers().find(|(name, _)| *name == "x-forwarded-for").map(|(_, value)| value)
    /// }
    /// ```
    pub fn x_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named(|name| name.starts_with("x-"))
    }

    /// `traceparent` and `tracestate`.
    pub fn trace_context_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named(|name| matches!(name, "traceparent" | "tracestate"))
    }

    /// All headers whose name starts with `sec-websocket-`; a token that was sent in them is left
    /// out on mounts with `auth_token`.
    pub fn sec_websocket_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named(|name| name.starts_with("sec-websocket-"))
    }

    /// The token that the client sent outside of the URL, on mounts with
    /// [`auth_token`](crate::options::Mount::auth_token). None if it sent none, several, or one that
    /// is not text: that does not refuse the connection by itself.
    pub fn auth_token(&self) -> Option<&str> {
        self.auth_token.as_deref()
    }

    /// The session that the application gave the browser, where the mount or the endpoint has
    /// [`SessionOptions`](crate::options::SessionOptions). None without cookie, with one that was
    /// changed, and without the CSRF token that belongs to it: none of this refuses the connection by
    /// itself, so treat it as a user who is not logged in.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    fn named(&self, wanted: fn(&str) -> bool) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers.iter().filter(move |(name, _)| wanted(name.as_str()));
        headers.filter_map(|(name, value)| Some((name.as_str(), text(value)?)))
    }

    /// The headers that are shown at all.
    pub(crate) fn shown_headers(all: &HeaderMap) -> HeaderMap {
        let is_shown = |name: &str| {
            name.starts_with("x-")
                || name.starts_with("sec-websocket-")
                || matches!(name, "user-agent" | "traceparent" | "tracestate")
        };
        let shown = all.iter().filter(|(name, _)| is_shown(name.as_str()));
        shown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The value of a header, unless it is not UTF-8.
fn text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}

/// Tells what a log may have: neither the values of parameters, headers and session, nor the token.
impl fmt::Debug for ConnectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().map(http::HeaderName::as_str).collect();
        f.debug_struct("ConnectInfo")
            .field("transport", &self.transport)
            .field("peer", &self.peer)
            .field("path", &self.uri.path())
            .field("params", &self.params)
            .field("headers", &headers)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
