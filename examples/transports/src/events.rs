//! Server-sent events towards the client, and POST requests towards the server, under axum.
//!
//! `GET <path>/events?vsn=2.0.0` opens a stream: its first event is named `session` and tells a name, to
//! which `POST <path>/events/<name>` sends one message each. All other events are messages.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
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
    Endpoint,
    token::Token,
    transport::{Connection, Frame, Outgoing, Received, Text, Transport},
};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::PollSender;

/// Bytes that may wait for a client without its being behind.
const BACKLOG: usize = 1 << 20;

/// Messages of a client that may wait to be handled; its next POST waits meanwhile.
const INBOX: usize = 16;

/// Events that were taken for a client and not written yet.
const OUTBOX: usize = 16;

/// Bytes that a POST may have.
pub const LONGEST: usize = 64 * 1024;

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
    let Some(door) = server.endpoint.door(server.path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let admitted = match door.check("events", &parts, None) {
        Ok(info) => door.admit(info).await,
        Err(refused) => Err(refused),
    };
    let admitted = match admitted {
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
    let transport = Events::new(from_client, to_client, name, server.clients.clone());
    tokio::spawn(admitted.serve(Connection::new(BACKLOG), transport));
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
    let Ok(body) = axum::body::to_bytes(request.into_body(), LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let Ok(text) = Text::try_from(body) else { return StatusCode::BAD_REQUEST };
    match client.send(Frame::Text(text)).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::GONE,
    }
}

/// One client's stream of events and its requests. Binary messages are not sent.
struct Events {
    from_client: Receiver<Frame>,
    to_client: PollSender<Bytes>,
    /// Ready once the stream has gone.
    gone: Pin<Box<dyn Future<Output = ()> + Send>>,
    name: String,
    clients: Clients,
}

impl Events {
    fn new(
        from_client: Receiver<Frame>,
        to_client: Sender<Bytes>,
        name: String,
        clients: Clients,
    ) -> Self {
        let stream = to_client.clone();
        let gone = Box::pin(async move { stream.closed().await });
        Self { from_client, to_client: PollSender::new(to_client), gone, name, clients }
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
                    for line in text.as_str().split('\n') {
                        events.push_str("data: ");
                        events.push_str(line);
                        events.push('\n');
                    }
                    events.push('\n');
                }
            }
            if !events.is_empty() && self.to_client.send_item(events.into()).is_err() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
