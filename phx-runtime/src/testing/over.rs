//! Over what a client connects, and the request that it connects with.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{COOKIE, HOST},
};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{
    connect::{ConnectError, ConnectInfo, SessionOptions, TransportSettings},
    endpoint::Endpoint,
    message::Fault,
    server::PeerAddress,
};

/// Over what a client connects. Whichever it is, no socket of the machine is used: time may be paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Over {
    /// Memory alone: messages are handed to the session and from it. The default.
    #[default]
    Memory,
    /// A WebSocket: the real handshake, and the real frames through a pipe.
    WebSocket,
    /// Long-polling: the requests of the stock client, answered by the endpoint's
    /// [service](Endpoint::service).
    LongPoll,
}

/// What the requests of a client have in common.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) endpoint: Endpoint,
    /// The index of its mount.
    pub(super) mount: usize,
    uri: String,
    info: ConnectInfo,
    headers: HeaderMap,
}

/// The part of a mount that a transport has.
pub(super) struct Way<'a> {
    path: &'a str,
    session: Option<&'a SessionOptions>,
}

impl<'a> Way<'a> {
    pub(super) fn new<T>(path: &'a str, settings: &'a TransportSettings<T>) -> Self {
        Self { path, session: settings.session.as_ref() }
    }
}

impl Asking {
    /// What a client asks for that comes in through this mount.
    pub(super) fn new(
        endpoint: &Endpoint,
        mount: usize,
        way: &Way<'_>,
        info: &ConnectInfo,
        headers: &HeaderMap,
    ) -> Self {
        let (mut info, mut headers) = (info.clone(), headers.clone());
        if let Some(mut session) = info.session.take() {
            let Some(options) = way.session else {
                panic!("the mount has no session that a client could bring")
            };
            let written = options.csrf_token(&mut session).and_then(|token| {
                info.params.insert("_csrf_token", token);
                options.set_cookie(&session, endpoint.secret())
            });
            let cookie = written.unwrap_or_else(|error| panic!("the session: {error}"));
            let value = cookie.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            headers.extend(HeaderValue::from_bytes(value).map(|cookie| (COOKIE, cookie)));
        }
        if let Some(host) = info.uri.authority() {
            headers.extend(HeaderValue::try_from(host.as_str()).map(|host| (HOST, host)));
        } else {
            headers.insert(HOST, HeaderValue::from_static("localhost"));
        }
        let path = match info.uri.path() {
            "" | "/" => format!("{}{}", endpoint.0.mounts[mount].mount.path, way.path),
            path => path.to_owned(),
        };
        let uri = format!("{path}?{}", query(&info));
        Self { endpoint: endpoint.clone(), mount, uri, info, headers }
    }

    pub(super) fn auth_token(&self) -> Option<&str> {
        self.info.auth_token()
    }

    pub(super) fn peer(&self) -> Option<std::net::SocketAddr> {
        self.info.peer()
    }

    /// A request with further headers.
    pub(super) fn request(
        &self,
        method: Method,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() =
            self.uri.parse::<Uri>().unwrap_or_else(|error| panic!("{:?}: {error}", self.uri));
        request.headers_mut().extend(self.headers.clone());
        request.headers_mut().extend(headers);
        if let Some(peer) = self.peer() {
            request.extensions_mut().insert(PeerAddress(peer));
        }
        request
    }
}

/// What a client is told that is not let in: less than the socket said.
pub(super) fn refusal(status: StatusCode, body: &str) -> ConnectError {
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        return Fault::new(format!("status {status}")).into();
    }
    ConnectError::new(format!("status {status}")).status(status.as_u16()).body(body)
}

/// The parameters as the stock client writes them: `user[name]=Ann&rooms[]=1`.
fn query(info: &ConnectInfo) -> String {
    let mut pairs = Vec::new();
    for (name, value) in info.params.iter() {
        write(&mut pairs, encoded(name), value);
    }
    pairs.join("&")
}

fn write(pairs: &mut Vec<String>, name: String, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                write(pairs, format!("{name}[{}]", encoded(key)), value);
            }
        }
        Value::Array(items) => {
            for item in items {
                write(pairs, format!("{name}[]"), item);
            }
        }
        Value::String(text) => pairs.push(format!("{name}={}", encoded(text))),
        other => pairs.push(format!("{name}={other}")),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
