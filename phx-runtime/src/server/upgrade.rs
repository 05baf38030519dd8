//! From a request to a WebSocket connection.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    listener::{Wire, socket_options},
    matched::At,
    request::Request,
    stream::HttpStream,
};
use crate::{
    connect::{
        ConnectInfo, WebSocketSettings, close_of, extensions,
        handshake::{self, Accept, HandshakeError},
        plain_response, subprotocols,
    },
    connection::{BacklogLimits, Connection},
    endpoint::{Admitted, Endpoint, MountedTransport},
    log,
    message::Reason,
    transport::{
        TransportKind,
        websocket::{Io, WebSocket},
    },
    wire::{Decoder, close_frame_saying, deflate::inflate},
};

/// How long the client may take between the answer and the first byte of the new protocol.
const UPGRADE: Duration = Duration::from_secs(10);

/// How long a client may take to hear that it is refused.
const FAREWELL: Duration = Duration::from_secs(5);

/// Answers a request for a WebSocket connection and, if it is accepted, serves the connection.
pub(super) async fn upgrade(
    at: At<WebSocketSettings>,
    request: Request,
    on_upgrade: Option<OnUpgrade>,
) -> Response<String> {
    match (decide(at, request, on_upgrade.is_some()).await, on_upgrade) {
        (Ok((response, switched)), Some(on_upgrade)) => {
            match switched {
                Switched::Accepted(accepted) => drop(tokio::spawn(serve(accepted, on_upgrade))),
                Switched::Refused(close) => drop(tokio::spawn(refuse(on_upgrade, close))),
            }
            response.map(|()| String::new())
        }
        (Ok(_), None) => plain_response(StatusCode::BAD_REQUEST, ""),
        (Err(refusal), _) => refusal,
    }
}

/// Decides on a request for a WebSocket connection: what it is answered with, and what follows if both
/// sides speak the new protocol then.
pub(super) async fn decide(
    at: At<WebSocketSettings>,
    request: Request,
    can_be_upgraded: bool,
) -> Result<(Response<()>, Switched), Response<String>> {
    match accept(at, request, can_be_upgraded).await {
        Ok((response, accepted)) => Ok((response, Switched::Accepted(accepted))),
        Err(Refusal { response, instead: Some(instead) }) if can_be_upgraded => {
            let (code, text) = close_of(&response);
            Ok((instead, Switched::Refused(close_frame_saying(Some(code), text))))
        }
        Err(refusal) => Err(refusal.response),
    }
}

/// What follows the answer to a client that speaks the new protocol.
pub(super) enum Switched {
    Accepted(WebSocketUpgrade),
    /// A close frame says why it has to go.
    Refused(Bytes),
}

impl Switched {
    /// Writes the answer, and goes on in a task of its own. The client sent `early` behind its request.
    pub(super) async fn go_on(self, mut wire: Wire, answer: &[u8], early: &[u8]) {
        let written = timeout(UPGRADE, async {
            wire.write_all(answer).await?;
            wire.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return log::upgrade_failed(error),
            Err(_) => return log::upgrade_too_slow(),
        }
        match self {
            Self::Accepted(accepted) => drop(tokio::spawn(accepted.over(wire, early))),
            Self::Refused(close) => drop(tokio::spawn(dismiss(wire, close))),
        }
    }
}

/// The answer to a client that is not let in.
struct Refusal {
    response: Response<String>,
    /// Lets it in, only to tell it why it has to go.
    instead: Option<Response<()>>,
}

impl From<Response<String>> for Refusal {
    fn from(response: Response<String>) -> Self {
        Self { response, instead: None }
    }
}

/// Tells a client why it has to go, once it speaks the new protocol.
async fn refuse(on_upgrade: OnUpgrade, close: Bytes) {
    let Ok(Ok(upgraded)) = timeout(UPGRADE, on_upgrade).await else { return };
    dismiss(TokioIo::new(upgraded), close).await;
}

/// Tells a client why it has to go.
async fn dismiss(mut stream: impl AsyncRead + AsyncWrite + Unpin, close: Bytes) {
    let told = async {
        stream.write_all(&close).await?;
        stream.shutdown().await?;
        // What is not read when a connection is closed makes the kernel forget what was sent on it.
        while stream.read(&mut [0; 512]).await? > 0 {}
        std::io::Result::Ok(())
    };
    // A client that does not hear it is closed as well.
    let _ = timeout(FAREWELL, told).await;
}

impl Endpoint {
    /// Accepts a WebSocket handshake that came in over another HTTP server, for the mount that its path
    /// belongs to: the answer to send, and what serves the stream that the server gives then.
    ///
    /// ```no_run
    /// use phx_runtime::Endpoint;
    /// use tokio::net::TcpStream;
    ///
    /// async fn handle(
    ///     endpoint: &Endpoint,
    ///     request: &http::request::Parts,
    ///     upgraded: impl Future<Output = TcpStream> + Send + 'static,
    /// ) -> http::Response<String> {
    ///     match endpoint.accept_websocket(request, None).await {
    ///         Ok((response, client)) => {
    ///             tokio::spawn(async move { client.serve(upgraded.await).await });
    ///             response.map(|()| String::new())
    ///         }
    ///         Err(refusal) => refusal,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The answer to a request that is not accepted.
    pub async fn accept_websocket(
        &self,
        request: &http::request::Parts,
        peer: Option<std::net::SocketAddr>,
    ) -> Result<(Response<()>, WebSocketUpgrade), Response<String>> {
        let path = request.uri.path();
        let at = At::find(self, path, |mounted| mounted.websocket.as_ref());
        let at = at.ok_or_else(|| plain_response(StatusCode::NOT_FOUND, ""))?;
        let accepted = accept(at, Request::of(request, peer), true).await;
        accepted.map_err(|refusal| refusal.response)
    }
}

/// A client whose handshake was accepted. Dropped, it is as if the client had gone at once.
#[must_use = "a client that was accepted is to be served"]
pub struct WebSocketUpgrade {
    admitted: Admitted,
    websocket: Arc<MountedTransport<WebSocketSettings>>,
    compresses: bool,
}

impl WebSocketUpgrade {
    /// What the socket's `#[id]` said.
    pub fn id(&self) -> Option<&str> {
        self.admitted.id()
    }

    /// Serves the client over `stream`, which starts behind the handshake, until it is gone, under the
    /// options of its mount; see [`Admitted::serve`].
    pub fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
    ) -> impl Future<Output = Reason> + Send {
        let backlog = self.websocket.settings.own.backlog.clone();
        let (io, connection) = Io::other(stream, backlog, self.compresses);
        let websocket = websocket(&self.websocket, self.compresses, io, &[]);
        self.admitted.serve(connection, websocket)
    }

    /// The same over a stream of our own server.
    fn over(self, wire: Wire, early: &[u8]) -> impl Future<Output = Reason> + Send + use<> {
        let backlog = self.websocket.settings.own.backlog.clone();
        let (io, connection) = of_wire(wire, backlog, self.compresses);
        let websocket = websocket(&self.websocket, self.compresses, io, early);
        self.admitted.serve(connection, websocket)
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocketUpgrade").field(&self.admitted).finish()
    }
}

/// The transport over a stream whose client sent `early` already.
fn websocket(
    mounted: &MountedTransport<WebSocketSettings>,
    compresses: bool,
    io: Io,
    early: &[u8],
) -> WebSocket {
    let settings = &mounted.settings.own;
    let decoder = Decoder::new(settings.max_frame_size);
    let mut decoder = if compresses { decoder.with_inflate(inflate) } else { decoder };
    decoder.feed(early);
    WebSocket::new(io, decoder, settings.timeout)
}

/// Decides on a request for a WebSocket connection.
async fn accept(
    at: At<WebSocketSettings>,
    request: Request,
    can_be_upgraded: bool,
) -> Result<(Response<()>, WebSocketUpgrade), Refusal> {
    let websocket = &at.transport;
    request.log(TransportKind::WebSocket, websocket);
    if !request.is_allowed(websocket) {
        return Err(plain_response(StatusCode::FORBIDDEN, "").into());
    }
    let accept = handshake(&request).map_err(no_handshake)?;
    // Some browsers give up a connection of which no protocol was chosen that they offered.
    let offered = || subprotocols::first_offered(&request.headers);
    let refuses_by_close = websocket.settings.own.refuse_by_close;
    let instead = refuses_by_close.then(|| switching(accept.as_ref(), None, offered()));
    let let_in = let_in(&at, request, can_be_upgraded).await;
    let let_in = let_in.map_err(|response| Refusal { response, instead });
    let LetIn { admitted, deflate, protocol } = let_in?;
    let response = switching(accept.as_ref(), deflate.as_ref(), protocol);
    let compresses = deflate.is_some();
    Ok((response, WebSocketUpgrade { admitted, websocket: at.transport, compresses }))
}

/// A client that is let in, and what was agreed with it.
struct LetIn {
    admitted: Admitted,
    deflate: Option<HeaderValue>,
    protocol: Option<HeaderValue>,
}

/// Decides on a client whose handshake is one.
async fn let_in(
    at: &At<WebSocketSettings>,
    request: Request,
    can_be_upgraded: bool,
) -> Result<LetIn, Response<String>> {
    let websocket = &at.transport;
    let bad = |why: &str| plain_response(StatusCode::BAD_REQUEST, why);
    let mut params = request.query().map_err(|error| bad(&error.to_string()))?;
    params.extend(at.variables.clone());
    if !can_be_upgraded {
        return Err(bad("this connection cannot be upgraded"));
    }
    let settings = &websocket.settings.own;
    let deflate = settings.compress.then(|| extensions::negotiate(&request.headers)).flatten();
    let counted = at.endpoint.count_in(request.via.peer);
    let counted = counted.map_err(|full| full.too_many().to_response())?;
    let info = request.connect_info(TransportKind::WebSocket, params, websocket, &at.endpoint);
    let protocol = subprotocol(&info, settings, &at.mounted.mount.path);
    let protocol = protocol.map_err(|status| plain_response(status, ""))?;
    let admitted = at.admit(info, counted).await.map_err(|error| settings.answer(&error))?;
    Ok(LetIn { admitted, deflate, protocol })
}

/// What is to be answered to the key of a handshake; none over HTTP/2.
fn handshake(request: &Request) -> Result<Option<Accept>, HandshakeError> {
    if request.is_extended_connect {
        handshake::accept_extended(&request.headers).map(|()| None)
    } else {
        handshake::accept(&request.method, &request.headers).map(Some)
    }
}

/// The answer to a request that is no handshake.
fn no_handshake(error: HandshakeError) -> Response<String> {
    let mut response = plain_response(error.status(), &error.to_string());
    response.headers_mut().extend(error.header());
    response
}

/// The subprotocol that both sides speak, where that matters.
fn subprotocol(
    info: &ConnectInfo,
    settings: &WebSocketSettings,
    mount: &str,
) -> Result<Option<HeaderValue>, StatusCode> {
    match subprotocols::choose(&info.headers, settings.subprotocols.as_deref()) {
        Ok(protocol) => Ok(protocol.cloned()),
        Err(error) => {
            log::subprotocols_refused(&error.offered, &error.accepted, mount);
            Err(StatusCode::FORBIDDEN)
        }
    }
}

/// The answer to a client that is let in.
fn switching(
    accept: Option<&Accept>,
    deflate: Option<&HeaderValue>,
    protocol: Option<HeaderValue>,
) -> Response<()> {
    let mut response = Response::new(());
    // Over HTTP/2, the answer to CONNECT is an ordinary one.
    if let Some(accept) = accept {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.header_value());
    }
    let headers = response.headers_mut();
    if let Some(agreed) = deflate {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, agreed.clone());
    }
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// Serves the connection once it speaks the new protocol.
///
/// The way there is boxed, and moved into a block, so that the task of an idle connection is hardly
/// larger than what that connection holds.
fn serve(accepted: WebSocketUpgrade, on_upgrade: OnUpgrade) -> impl Future<Output = ()> + Send {
    let established = Box::pin(accepted.establish(on_upgrade));
    async move {
        let Some((admitted, connection, websocket)) = established.await else { return };
        admitted.serve(connection, websocket).await;
    }
}

impl WebSocketUpgrade {
    /// Waits for the stream. None if it never comes.
    async fn establish(self, on_upgrade: OnUpgrade) -> Option<(Admitted, Connection, WebSocket)> {
        let Self { admitted, websocket, compresses } = self;
        let upgraded = match timeout(UPGRADE, on_upgrade).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => {
                log::upgrade_failed(error);
                return None;
            }
            Err(_) => {
                log::upgrade_too_slow();
                return None;
            }
        };
        let backlog = websocket.settings.own.backlog.clone();
        let (io, connection, early) = split(upgraded, backlog, compresses);
        let websocket = self::websocket(&websocket, compresses, io, &early);
        Some((admitted, connection, websocket))
    }
}

/// The bare socket where the server in front gives it, and what the client sent already.
fn split(
    upgraded: Upgraded,
    backlog: Arc<BacklogLimits>,
    compresses: bool,
) -> (Io, Connection, Bytes) {
    // Our own server gives the one, `warp::serve` and others the other.
    let upgraded = match upgraded.downcast::<TokioIo<HttpStream>>() {
        Ok(parts) => {
            let (wire, again) = parts.io.into_inner().into_inner();
            let early = if again.is_empty() {
                parts.read_buf
            } else {
                [parts.read_buf, again].concat().into()
            };
            let (io, connection) = of_wire(wire, backlog, compresses);
            return (io, connection, early);
        }
        Err(upgraded) => upgraded,
    };
    match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            socket_options::set(SockRef::from(&stream));
            let (io, connection) = Io::tcp(stream, backlog, compresses);
            (io, connection, parts.read_buf)
        }
        Err(upgraded) => {
            let (io, connection) = Io::other(TokioIo::new(upgraded), backlog, compresses);
            (io, connection, Bytes::new())
        }
    }
}

fn of_wire(wire: Wire, backlog: Arc<BacklogLimits>, compresses: bool) -> (Io, Connection) {
    match wire {
        Wire::Tcp(stream) => Io::tcp(stream, backlog, compresses),
        Wire::Other(stream) => Io::other(stream, backlog, compresses),
    }
}
