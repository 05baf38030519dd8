//! Server-sent events towards the client, and POST requests towards the server, under axum.
//!
//! `GET <path>/events?vsn=2.0.0` opens a stream: its first event is named `session` and tells a name, to
//! which `POST <path>/events/<name>` sends one message each. All other events are messages.
//!
//! What a client costs that sends its requests too slowly, or does not read its stream, is limited by
//! the server around the routes: that of the endpoint does, with
//! [`run_service`](phx_runtime::server::Server::run_service).

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use http::{StatusCode, header};
use phx_runtime::{
    ConnectError, Endpoint,
    token::Token,
    transport::{BacklogLimits, Connection, Frame, Outgoing, Received, Text, Transport},
};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::timeout,
};
use tokio_util::sync::PollSender;

use crate::in_one_line;

/// Bytes that may wait for a client without its being behind.
const BACKLOG: usize = 1 << 20;

/// Messages of a client that may be under way to its socket; its next POST waits meanwhile.
const INBOX: usize = 4;

/// Events that were taken for a client and not written yet.
const OUTBOX: usize = 4;

/// Bytes that a POST may have.
pub const LONGEST: usize = 64 * 1024;

/// How long the body of a POST may take.
const BODY: Duration = Duration::from_secs(10);

/// How long a client may be silent. Clients beat every 30 s.
const SILENCE: Duration = Duration::from_mins(1);

/// The clients that have a stream open, by their names.
type Clients = Arc<Mutex<HashMap<String, Sender<Frame>>>>;

#[derive(Clone)]
struct Server {
    endpoint: Endpoint,
    path: &'static str,
    clients: Clients,
}

/// The routes for the clients of the socket at `path`, which is open to other transports.
pub fn routes(endpoint: Endpoint, path: &'static str) -> Router {
    let server = Server { endpoint, path, clients: Clients::default() };
    Router::new()
        .route(&format!("{path}/events"), get(open))
        .route(&format!("{path}/events/{{name}}"), post(take))
        .with_state(server)
}

/// Opens a stream of events.
async fn open(State(server): State<Server>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    // What the server in front knows of the client is in the request.
    let Some(door) = server.endpoint.door(server.path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let admitted = async {
        let info = door.check("events", &parts, None)?;
        let peer = info.peer();
        Ok::<_, ConnectError>((door.admit(info).await?, peer))
    };
    let (admitted, peer) = match admitted.await {
        Ok(admitted) => admitted,
        Err(refused) => return refused.to_response().map(Body::from),
    };
    let Ok(name) = name(&server.endpoint) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (to_server, from_client) = mpsc::channel(INBOX);
    let (to_client, events) = mpsc::channel(OUTBOX);
    let clients = &server.clients;
    clients.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), to_server);
    let first = format!("event: session\ndata: {name}\n\n");
    let transport = Events::new(from_client, to_client, name, peer, server.clients.clone());
    tokio::spawn(admitted.serve(Connection::text_only(BacklogLimits::new(BACKLOG)), transport));
    let first = stream::once(async { Bytes::from(first) });
    let rest = stream::unfold(events, async |mut events| Some((events.recv().await?, events)));
    let all = futures_util::StreamExt::chain(first, rest);
    let body = Body::from_stream(futures_util::StreamExt::map(all, Ok::<_, Infallible>));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

/// A name that nobody can guess: it is signed.
fn name(endpoint: &Endpoint) -> Result<String, phx_runtime::token::SignError> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Token::sign(endpoint.secret(), "events", &NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Takes a message.
async fn take(
    State(server): State<Server>,
    Path(name): Path<String>,
    request: Request,
) -> StatusCode {
    let client = {
        let clients = server.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&name).cloned()
    };
    let Some(client) = client else { return StatusCode::GONE };
    // First, so that few bodies of a client take memory at a time.
    let Ok(place) = client.reserve_owned().await else { return StatusCode::GONE };
    let body = timeout(BODY, axum::body::to_bytes(request.into_body(), LONGEST)).await;
    match body.map(|body| body.map(Text::try_from)) {
        Ok(Ok(Ok(text))) => {
            place.send(Frame::Text(text));
            StatusCode::NO_CONTENT
        }
        Ok(Ok(Err(_))) => StatusCode::BAD_REQUEST,
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => StatusCode::REQUEST_TIMEOUT,
    }
}

/// One client's stream of events and its requests. Binary messages of raw sockets are URLs, those of channels are not sent.
struct Events {
    from_client: Receiver<Frame>,
    to_client: PollSender<Bytes>,
    /// Ready once the stream has gone.
    gone: Pin<Box<dyn Future<Output = ()> + Send>>,
    name: String,
    peer: Option<SocketAddr>,
    clients: Clients,
}

impl Events {
    fn new(
        from_client: Receiver<Frame>,
        to_client: Sender<Bytes>,
        name: String,
        peer: Option<SocketAddr>,
        clients: Clients,
    ) -> Self {
        let stream = to_client.clone();
        let gone = Box::pin(async move { stream.closed().await });
        Self { from_client, to_client: PollSender::new(to_client), gone, name, peer, clients }
    }
}

impl Transport for Events {
    fn poll_receive(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<Received> {
        if let Poll::Ready(Some(frame)) = self.from_client.poll_recv(task) {
            return Poll::Ready(Received::Message(frame));
        }
        self.poll_gone(task, connection)
    }

    fn poll_gone(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.gone.as_mut().poll(task).map(|()| Received::Lost)
    }

    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        loop {
            if ready!(self.to_client.poll_reserve(task)).is_err() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let next = connection.take_frames_up_to(1);
            if next.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let mut events = String::new();
            for outgoing in next {
                if let Outgoing::Frame(Frame::Text(text)) = outgoing {
                    events.push_str("data: ");
                    events.push_str(&in_one_line(text.as_str()));
                    events.push_str("\n\n");
                }
            }
            if !events.is_empty() && self.to_client.send_item(events.into()).is_err() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
    }

    fn timeout(&self) -> Option<Duration> {
        Some(SILENCE)
    }

    fn peer(&self, _: &Connection) -> Option<SocketAddr> {
        self.peer
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
