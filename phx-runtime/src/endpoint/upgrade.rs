//! From a request to a WebSocket connection.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use socket2::SockRef;
use tokio::net::TcpStream;

use super::{
    Endpoint,
    mounted::{Mounted, MountedTransport},
};
use crate::transport::{
    ConnectError, ConnectInfo, ConnectRequest, Connection, Params, RawSocket, Site, TransportKind,
    WebSocketOptions, split_port,
    websocket::{Driver, Io, decoder::Decoder, deflate::inflate, drive, extensions, handshake},
};

/// Bytes that the kernel may hold for a reader that stopped. The default of some megabytes would
/// defeat every limit of ours.
const NOT_SENT: u32 = 32 * 1024;

/// How long the client may take between the answer and the first byte of the new protocol.
const UPGRADE: Duration = Duration::from_secs(10);

/// A request as far as transports look at it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) peer: Option<SocketAddr>,
}

impl Request {
    /// Path variables and query together; the query wins.
    pub(super) fn params(&self, variables: Params) -> Option<Params> {
        let query = Params::from_query(&self.query).ok()?;
        let mut params = variables;
        for (name, value) in query.iter() {
            params.insert(name, value);
        }
        Some(params)
    }

    /// The host and port that the client asked for.
    fn host(&self) -> (&str, u16) {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let (host, port) = host.and_then(split_port).unwrap_or(("", None));
        (host, port.unwrap_or(80))
    }

    pub(super) fn is_allowed<O>(&self, mounted: &MountedTransport<O>, endpoint: &Endpoint) -> bool {
        let (host, port) = self.host();
        let site = Site { own_host: &endpoint.0.host, scheme: "http", host, port };
        let origin = self.headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
        let allowed = mounted.check_origin.allows(origin, site);
        if !allowed {
            let origin = String::from_utf8_lossy(origin.unwrap_or_default());
            tracing::error!(
                %origin, path = self.path,
                "Could not check origin for a connection\nOrigin of the request: {origin}\n\
                 Set `check_origin` of the mount or of the endpoint to allow it."
            );
        }
        allowed
    }

    pub(super) fn connect_info(self, transport: TransportKind, params: Params) -> ConnectInfo {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let target = if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        };
        let uri = Uri::builder().scheme("http").authority(host.unwrap_or("localhost"));
        ConnectInfo {
            params,
            transport,
            peer: self.peer,
            uri: uri.path_and_query(target).build().unwrap_or_default(),
            headers: self.headers,
            auth_token: None,
        }
    }
}

/// Answers a request for a WebSocket connection and, if it is accepted, serves the connection.
pub(super) async fn upgrade(
    endpoint: Endpoint,
    index: usize,
    request: Request,
    variables: Params,
    on_upgrade: Option<OnUpgrade>,
) -> Response<String> {
    let mounted = &endpoint.0.mounts[index];
    let Some(websocket) = &mounted.websocket else {
        return refusal(StatusCode::NOT_FOUND, "");
    };
    if request.method != Method::GET {
        return refusal(StatusCode::BAD_REQUEST, "");
    }
    let Some(params) = request.params(variables) else {
        return refusal(StatusCode::BAD_REQUEST, "the query is not UTF-8 text");
    };
    if !request.is_allowed(websocket, &endpoint) {
        return refusal(StatusCode::FORBIDDEN, "");
    }
    let accept = match handshake::accept(&request.method, &request.headers) {
        Ok(accept) => accept,
        Err(error) => return refusal(error.status(), &error.to_string()),
    };
    let Some(on_upgrade) = on_upgrade else {
        return refusal(StatusCode::BAD_REQUEST, "this connection cannot be upgraded");
    };
    let deflate = websocket.options.compress.then(|| extensions::negotiate(&request.headers));
    let deflate = deflate.flatten();
    let info = request.connect_info(TransportKind::WebSocket, params);
    let socket = match connect(&endpoint, mounted, websocket, info).await {
        Ok(socket) => socket,
        Err(error) => {
            let (status, body) = error.response();
            return refusal(status, body);
        }
    };
    let compresses = deflate.is_some();
    tokio::spawn(established(endpoint.clone(), index, on_upgrade, socket, compresses));
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.header_value());
    if let Some(agreed) = deflate {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, agreed);
    }
    response
}

async fn connect(
    endpoint: &Endpoint,
    mounted: &Mounted,
    websocket: &MountedTransport<WebSocketOptions>,
    info: ConnectInfo,
) -> Result<Box<dyn RawSocket>, ConnectError> {
    let request = ConnectRequest {
        info,
        endpoint: endpoint.clone(),
        mount: mounted.mount.clone(),
        serializers: websocket.serializers.clone(),
    };
    mounted.connector.connect(request).await
}

fn refusal(status: StatusCode, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    response
}

/// Waits for the stream, then serves it in a task of its own, which carries nothing of the HTTP
/// connection with it.
async fn established(
    endpoint: Endpoint,
    index: usize,
    on_upgrade: OnUpgrade,
    socket: Box<dyn RawSocket>,
    compresses: bool,
) {
    let upgraded = match tokio::time::timeout(UPGRADE, on_upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => return tracing::debug!(%error, "an upgrade came to nothing"),
        Err(_) => return tracing::debug!("an upgrade took too long"),
    };
    let Some(websocket) = &endpoint.0.mounts[index].websocket else { return };
    let WebSocketOptions { timeout, max_frame_size, max_backlog, .. } = websocket.options;
    let (io, connection, early) = split(upgraded, max_backlog, compresses);
    let mut decoder = Decoder::new(max_frame_size);
    if compresses {
        decoder = decoder.with_inflate(inflate);
    }
    decoder.feed(&early);
    drop(early);
    let registered = endpoint.0.connections.register(index, &connection);
    drop(endpoint);
    let (mut driver, mut socket) = (Driver::new(io, connection, decoder, timeout), socket);
    tokio::spawn(async move {
        drive(&mut driver, &mut *socket).await;
        drop(registered);
    });
}

/// The bare socket where the server in front gives it, and what the client sent already.
fn split(upgraded: Upgraded, max_backlog: usize, compresses: bool) -> (Io, Connection, Bytes) {
    match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            prepare(&stream);
            let (io, connection) = Io::tcp(stream, max_backlog, compresses);
            (io, connection, parts.read_buf)
        }
        Err(upgraded) => {
            let (io, connection) = Io::other(TokioIo::new(upgraded), max_backlog, compresses);
            (io, connection, Bytes::new())
        }
    }
}

/// Small frames leave at once, and a reader that stops does not fill the kernel's memory. Neither
/// is worth refusing a connection for.
fn prepare(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    if let Err(error) = socket.set_tcp_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = socket.set_tcp_notsent_lowat(NOT_SENT) {
        tracing::debug!(%error, "cannot set TCP_NOTSENT_LOWAT");
    }
}
