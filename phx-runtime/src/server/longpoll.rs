//! From a request to a long-polling session.
//!
//! Almost every answer has the HTTP status 200 and JSON with the status that counts: that is what
//! clients read, also across origins.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{
    body::{self, BodyError},
    request::Request,
    response_body::ResponseBody,
    upgrade::RETRY_AFTER,
};
use crate::{
    cluster::{NodeId, Nodes},
    connect::{ConnectInfo, LongPollSettings, params::Params},
    endpoint::{Admitted, Counted, Endpoint, Mounted, MountedTransport, Whose},
    log,
    token::{Token, random},
    transport::{
        TransportKind,
        longpoll::{
            Answer, Elsewhere, Messages, Poll, PollElsewhere, Requests, Seat, Session, SessionId,
            Status, Waited,
        },
    },
};

type Response = http::Response<ResponseBody>;

/// Where clients put the session's token so that it gets into no log; older ones use the query.
const TOKEN: HeaderName = HeaderName::from_static("x-phoenix-longpoll-token");

const METHODS: HeaderValue = HeaderValue::from_static("get, post, options");

/// How long browsers may remember what they are allowed, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers a request to a long-poll mount.
pub(crate) async fn respond<S, B, E>(
    endpoint: Endpoint,
    index: usize,
    request: Request,
    variables: Params,
    body: S,
) -> Response
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: Buf + Send + 'static,
    E: Send + 'static,
{
    let mounted = &endpoint.0.mounts[index];
    let Some(longpoll) = &mounted.longpoll else {
        return plain(StatusCode::NOT_FOUND);
    };
    request.log(TransportKind::LongPoll, longpoll);
    let client = Client { endpoint: &endpoint, index, mounted, longpoll };
    let mut response = if !request.is_allowed(longpoll) {
        json(Status::Refused)
    } else if request.method == Method::OPTIONS {
        preflight(&request.headers)
    } else if request.method == Method::GET {
        client.get(request, variables).await
    } else if request.method == Method::POST {
        client.post(&request, body).await
    } else {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
        response
    };
    // Whether the page may talk to us has been decided by the origin check.
    let anybody = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}

/// Where a request's session is.
enum Found {
    Here(Arc<Session>),
    /// Together with the token that names it.
    Elsewhere(Elsewhere, String),
}

/// A request's endpoint and mount.
struct Client<'a> {
    endpoint: &'a Endpoint,
    index: usize,
    mounted: &'a Mounted,
    longpoll: &'a MountedTransport<LongPollSettings>,
}

impl Client<'_> {
    /// Polls, or opens a session if there is none.
    async fn get(&self, request: Request, variables: Params) -> Response {
        let Ok(mut query) = request.query() else {
            return plain(StatusCode::BAD_REQUEST);
        };
        match self.session(&request.headers, &query) {
            Some(Found::Here(session)) => {
                let poll = Poll::new(session.visit());
                poll.wait().await;
                return deliver(poll);
            }
            Some(Found::Elsewhere(session, token)) => {
                let Some(mut poll) = session.poll(&token) else { return json(Status::Failed) };
                match poll.wait().await {
                    Waited::Ready => return deliver_from_elsewhere(poll),
                    Waited::Silent => return answer(poll.empty_answer()),
                    Waited::Gone => {}
                }
            }
            None => {}
        }
        if self.endpoint.0.connections.are_draining() {
            return unavailable();
        }
        let peer = request.via.peer.map(|peer| peer.ip());
        let limits = self.longpoll.settings.own.sessions;
        let Ok(seat) = self.endpoint.0.sessions.admit(self.index, peer, limits) else {
            return full(StatusCode::SERVICE_UNAVAILABLE);
        };
        let peer = request.via.peer;
        let limits = self.endpoint.0.server.connections;
        let counted = match self.endpoint.0.connections.count_in(peer, limits) {
            Ok(counted) => counted,
            Err(Whose::Everybody) => return full(StatusCode::SERVICE_UNAVAILABLE),
            Err(Whose::Client(_)) => return full(StatusCode::TOO_MANY_REQUESTS),
        };
        query.extend(variables);
        let kind = TransportKind::LongPoll;
        let info = request.connect_info(kind, query, self.longpoll, self.endpoint);
        match self.connect(info, (seat, counted)).await {
            Ok(token) => answer(Answer::session(Status::Gone, &token, Vec::new()).to_json()),
            Err(status) => json(status),
        }
    }

    /// Takes messages.
    async fn post<S, B, E>(&self, request: &Request, body: S) -> Response
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Buf + Send + 'static,
        E: Send + 'static,
    {
        let Ok(query) = request.query() else {
            return plain(StatusCode::BAD_REQUEST);
        };
        let announced = content_length(&request.headers);
        let limit = self.longpoll.settings.own.max_body_size;
        let content_type = request.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let session = match self.session(&request.headers, &query) {
            Some(Found::Here(session)) => session,
            Some(Found::Elsewhere(session, _)) => {
                return match body::read(body, announced, limit).await {
                    Ok(body) => json(session.post(content_type, &body).await),
                    Err(error) => unread(error),
                };
            }
            None => return json(Status::Gone),
        };
        // Also while the rest of a body that is too large is waited for, the session does not expire.
        let waited_for = session.clone().visit();
        let body = body.inspect(move |_| _ = &waited_for);
        let visit = session.visit();
        let Some(turn) = visit.turn().await else {
            return json(Status::TimedOut);
        };
        let body = match body::read(body, announced, limit).await {
            Ok(body) => body,
            Err(error) => return unread(error),
        };
        json(turn.post(Messages::new(body, content_type)).await)
    }

    /// The session that a request belongs to. The header counts even if its token is no good.
    fn session(&self, headers: &HeaderMap, query: &Params) -> Option<Found> {
        let token = match headers.get(TOKEN) {
            Some(token) => token.to_str().ok()?,
            None => query.get("token")?,
        };
        let age = self.longpoll.settings.own.token_age;
        let id = Token::verify::<String>(self.endpoint.secret(), self.salt(), token, age);
        let name = URL_SAFE_NO_PAD.decode(id.ok()?).ok()?;
        let (&id, node) = name.split_first_chunk::<{ size_of::<SessionId>() }>()?;
        if let (Some(nodes), Some(node)) = (self.nodes(), node.first_chunk()) {
            let node = NodeId::from_number(u64::from_be_bytes(*node));
            if node != nodes.this().id() {
                let is_there = nodes.others().iter().any(|other| other.id() == node);
                let window = self.longpoll.settings.own.window;
                let session = || Elsewhere::new(nodes.clone(), node, id, window);
                return is_there.then(|| Found::Elsewhere(session(), token.to_owned()));
            }
        }
        self.endpoint.0.sessions.find(&id).map(Found::Here)
    }

    /// The other nodes, if requests may reach them.
    fn nodes(&self) -> Option<&Nodes> {
        self.endpoint.0.cluster.as_ref()?.runtimes()
    }

    /// Makes tokens belong to their mount.
    fn salt(&self) -> String {
        format!("long-poll {} {}", self.mounted.mount.path, self.longpoll.settings.own.path)
    }

    /// Opens a session, and returns its token.
    async fn connect(
        &self,
        info: ConnectInfo,
        (seat, counted): (Seat, Counted),
    ) -> Result<String, Status> {
        let peer = info.peer();
        let serializers = &self.longpoll.settings.serializers;
        match self.endpoint.admit(self.index, serializers, info).await {
            Ok(admitted) => {
                self.open(Admitted { counted, ..admitted }, peer, seat).ok_or(Status::Failed)
            }
            Err(error) if error.is_fault() => Err(Status::Failed),
            Err(_) => Err(Status::Refused),
        }
    }

    fn open(&self, admitted: Admitted, peer: Option<SocketAddr>, seat: Seat) -> Option<String> {
        let own = &self.longpoll.settings.own;
        let LongPollSettings { window, first_request_timeout, backlog, .. } = *own;
        let id: SessionId = random().inspect_err(|error| log::long_poll_failed(error)).ok()?;
        // The secret was looked at when the endpoint was built, and text is JSON.
        let mut name = id.to_vec();
        if let Some(nodes) = self.nodes() {
            name.extend_from_slice(&nodes.this().id().get().to_be_bytes());
        }
        let name = URL_SAFE_NO_PAD.encode(name);
        let token = Token::sign(self.endpoint.secret(), self.salt(), &name).ok()?;
        let session = Session::new(
            token.clone(),
            peer,
            window,
            first_request_timeout,
            backlog,
            own.budget.clone(),
        );
        let sessions = self.endpoint.0.sessions.clone();
        sessions.insert(id, session.clone(), seat);
        let connection = session.connection().clone();
        tokio::spawn(admitted.serve(connection, Requests::new(session, id, sessions)));
        Some(token)
    }
}

/// The answer to a poll, whose messages are taken when it is written.
fn deliver(poll: Poll) -> Response {
    as_json(Response::new(ResponseBody::of_poll(poll)))
}

/// The same for a session of another node.
fn deliver_from_elsewhere(poll: PollElsewhere) -> Response {
    as_json(Response::new(ResponseBody::later(async move { poll.into_answer().await })))
}

fn json(status: Status) -> Response {
    answer(Answer::status(status).to_json())
}

fn answer(body: Bytes) -> Response {
    as_json(Response::new(body.into()))
}

fn as_json(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Clients take it for a broken connection and try again a little later.
fn unavailable() -> Response {
    let mut response = json(Status::Failed);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// There is no room for a session.
fn full(status: StatusCode) -> Response {
    let mut response = unavailable();
    *response.status_mut() = status;
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn unread(error: BodyError) -> Response {
    let (status, http) = match error {
        BodyError::TooLarge => (Status::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
        BodyError::Incomplete => (Status::Malformed, StatusCode::BAD_REQUEST),
    };
    let mut response = json(status);
    *response.status_mut() = http;
    // What is left of the body stands in the way of a next request.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Tells a browser that pages of other origins may ask, and with which headers.
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = plain(StatusCode::OK);
    let answer = response.headers_mut();
    let requested = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    for requested in requested {
        answer.append(header::ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
    }
    answer
        .entry(header::ACCESS_CONTROL_ALLOW_HEADERS)
        .or_insert_with(|| HeaderValue::from_static(""));
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}
