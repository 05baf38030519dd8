//! From a request to a long-polling session.
//!
//! Almost every answer has the HTTP status 200 and JSON with the status that counts: that is what
//! clients read, also across origins.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, header::InvalidHeaderValue,
};

use super::{
    body::{self, BodyError, WholeBody},
    matched::At,
    request::Request,
    response_body::ResponseBody,
};
use crate::{
    cluster::{NodeId, Nodes},
    connect::{
        ConnectInfo, LongPollSettings,
        params::{Params, QueryError},
        session_cookie::cookies,
    },
    endpoint::{Admitted, Counted, Endpoint, MountedTransport, TRY_AGAIN, Whose},
    log,
    serializer::{LongPollForm, Protocol},
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
    at: At<LongPollSettings>,
    request: Request,
    body: S,
) -> Response
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: Buf + Send + 'static,
    E: Send + 'static,
{
    let query = request.query();
    let client = Client::new(&at, &request, query.as_ref().ok());
    let response = if let Some(answer) = client.answer_at_once(&request) {
        answer
    } else if request.method == Method::GET {
        client.get(request, query).await
    } else if request.method == Method::POST && client.form == LongPollForm::Cookie {
        client.open(request, query).await
    } else if client.publishes(&request.method) {
        client.post(&request, query, body).await
    } else {
        not_allowed("GET, POST, OPTIONS")
    };
    for_any_page(response)
}

/// Answers a request to where a session is opened and nothing is polled.
pub(super) async fn open(at: At<LongPollSettings>, request: Request) -> Response {
    let query = request.query();
    let client = Client::new(&at, &request, query.as_ref().ok());
    let response = if let Some(answer) = client.answer_at_once(&request) {
        answer
    } else if request.method == Method::POST && client.form == LongPollForm::CookieOfMount {
        client.open(request, query).await
    } else {
        not_allowed("POST, OPTIONS")
    };
    for_any_page(response)
}

fn not_allowed(allowed: &'static str) -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Whether the page may talk to us has been decided by the origin check.
fn for_any_page(mut response: Response) -> Response {
    let anybody = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}

/// How the client takes its answers, by the version that it states or not.
fn form(query: Option<&Params>, longpoll: &MountedTransport<LongPollSettings>) -> LongPollForm {
    let vsn = query.and_then(|query| query.value("vsn"));
    let vsn = vsn.map(|vsn| vsn.as_str().unwrap_or_default());
    Protocol::negotiate(vsn, &longpoll.settings.serializers)
        .map_or(LongPollForm::Texts, |protocol| protocol.long_poll)
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
    at: &'a At<LongPollSettings>,
    longpoll: &'a MountedTransport<LongPollSettings>,
    form: LongPollForm,
}

impl<'a> Client<'a> {
    fn new(at: &'a At<LongPollSettings>, request: &Request, query: Option<&Params>) -> Self {
        let longpoll = &*at.transport;
        request.log(TransportKind::LongPoll, longpoll);
        Self { endpoint: &at.endpoint, at, longpoll, form: form(query, longpoll) }
    }

    /// The answer to a page that may not ask, or that asks whether it may.
    fn answer_at_once(&self, request: &Request) -> Option<Response> {
        if !request.is_allowed(self.longpoll) {
            return Some(self.status(Status::Refused));
        }
        (request.method == Method::OPTIONS).then(|| preflight(&request.headers))
    }

    /// Whether a request of this method brings messages.
    fn publishes(&self, method: &Method) -> bool {
        let publish = if self.form == LongPollForm::Cookie { Method::PUT } else { Method::POST };
        *method == publish
    }

    /// Polls, or opens a session if there is none.
    async fn get(&self, request: Request, query: Result<Params, QueryError>) -> Response {
        let Ok(query) = query else {
            return plain(StatusCode::BAD_REQUEST);
        };
        match self.session(&request.headers, &query) {
            Some(Found::Here(session)) => {
                let poll = Poll::new(session.visit()).in_form(self.form);
                // The status of HTTP is known when something waits, and not before.
                if request.is_answered_when_ready() && !self.form.has_http_status() {
                    let awaited = poll.awaited().clone();
                    let mut response = self.deliver(poll);
                    response.extensions_mut().insert(awaited);
                    return response;
                }
                poll.wait().await;
                return self.deliver(poll);
            }
            Some(Found::Elsewhere(session, token)) => {
                let Some(mut poll) = session.poll(&token, self.form) else {
                    return self.status(Status::Failed);
                };
                match poll.wait().await {
                    Waited::Ready if self.form.has_http_status() => {
                        let (status, body) = poll.into_answer_with_status().await;
                        return self.fetched(status, body);
                    }
                    Waited::Ready => return deliver_from_elsewhere(poll),
                    Waited::Silent => return self.fetched(Status::Empty, poll.empty_answer()),
                    Waited::Gone => {}
                }
            }
            None => {}
        }
        if self.form.has_cookie() {
            return self.status(Status::Gone);
        }
        self.open(request, Ok(query)).await
    }

    /// Opens a session, and gives its token to the client.
    async fn open(&self, request: Request, query: Result<Params, QueryError>) -> Response {
        let Ok(mut query) = query else {
            return plain(StatusCode::BAD_REQUEST);
        };
        if self.endpoint.0.connections.are_draining() {
            return unavailable();
        }
        let peer = request.via.peer.map(|peer| peer.ip());
        let limits = self.longpoll.settings.own.sessions;
        let Ok(seat) = self.endpoint.0.sessions.admit(self.at.mounted.index, peer, limits) else {
            return full(StatusCode::SERVICE_UNAVAILABLE);
        };
        let counted = match self.endpoint.count_in(request.via.peer) {
            Ok(counted) => counted,
            Err(Whose::Everybody) => return full(StatusCode::SERVICE_UNAVAILABLE),
            Err(Whose::Client(_)) => return full(StatusCode::TOO_MANY_REQUESTS),
        };
        query.extend(self.at.variables.clone());
        let kind = TransportKind::LongPoll;
        let path = request.path.clone();
        let info = request.connect_info(kind, query, self.longpoll, self.endpoint);
        match self.connect(info, (seat, counted)).await {
            Ok(token) if self.form.has_cookie() => {
                let mut response = self.status(Status::Ok);
                if let Ok(cookie) = cookie(&path, &token) {
                    response.headers_mut().insert(header::SET_COOKIE, cookie);
                }
                response
            }
            Ok(token) => {
                let opened = Answer::session(self.form, Status::Gone, &token, Vec::new());
                self.answer(Status::Gone, opened.to_json())
            }
            Err(status) => self.status(status),
        }
    }

    /// Takes messages.
    async fn post<S, B, E>(
        &self,
        request: &Request,
        query: Result<Params, QueryError>,
        body: S,
    ) -> Response
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Buf + Send + 'static,
        E: Send + 'static,
    {
        let Ok(query) = query else {
            return plain(StatusCode::BAD_REQUEST);
        };
        let announced = content_length(&request.headers);
        let limit = self.longpoll.settings.own.max_body_size;
        let content_type = request.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let session = match self.session(&request.headers, &query) {
            Some(Found::Here(session)) => session,
            Some(Found::Elsewhere(session, _)) => {
                return match body::read(body, announced, limit).await {
                    Ok(body) => read(self.status(session.post(content_type, &body).await)),
                    Err(error) => unread(error),
                };
            }
            None => return self.status(Status::Gone),
        };
        // Also while the rest of a body that is too large is waited for, the session does not expire.
        let waited_for = session.clone().visit();
        let body = body.inspect(move |_| _ = &waited_for);
        let visit = session.visit();
        let Some(turn) = visit.turn().await else {
            return self.status(Status::TimedOut);
        };
        let body = match body::read(body, announced, limit).await {
            Ok(body) => body,
            Err(error) => return unread(error),
        };
        read(self.status(turn.post(Messages::new(body, content_type)).await))
    }

    /// The session that a request belongs to. The header counts even if its token is no good.
    fn session(&self, headers: &HeaderMap, query: &Params) -> Option<Found> {
        let token = match headers.get(TOKEN) {
            Some(token) => token.to_str().ok()?,
            None if self.form.has_cookie() => {
                let mut values = cookies(headers, COOKIE);
                return values.find_map(|value| self.session_of(str::from_utf8(value).ok()?));
            }
            None => query.get("token")?,
        };
        self.session_of(token)
    }

    fn session_of(&self, token: &str) -> Option<Found> {
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
        format!("long-poll {} {}", self.at.mounted.mount.path, self.longpoll.settings.own.path)
    }

    /// Opens a session, and returns its token.
    async fn connect(
        &self,
        info: ConnectInfo,
        (seat, counted): (Seat, Counted),
    ) -> Result<String, Status> {
        let peer = info.peer();
        match self.at.admit(info, counted).await {
            Ok(admitted) => self.start(admitted, peer, seat).ok_or(Status::Failed),
            Err(error) if error.is_fault() => Err(Status::Failed),
            Err(_) => Err(Status::Refused),
        }
    }

    fn start(&self, admitted: Admitted, peer: Option<SocketAddr>, seat: Seat) -> Option<String> {
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

    /// The answer to a poll. Its messages are taken when the server asks for the body, so that none are
    /// lost with a client that is gone by then.
    fn deliver(&self, poll: Poll) -> Response {
        let form = self.form;
        let status = if form.has_http_status() { poll.outlook() } else { Status::Ok };
        if !status.has_body(form) {
            return self.status(status);
        }
        self.with_status(status, as_json(Response::new(ResponseBody::of_poll(poll))))
    }

    /// An answer that is there.
    fn fetched(&self, status: Status, body: Bytes) -> Response {
        if status.has_body(self.form) { self.answer(status, body) } else { self.status(status) }
    }

    fn status(&self, status: Status) -> Response {
        if self.form.has_http_status() {
            return self.with_status(status, plain(StatusCode::OK));
        }
        self.answer(status, Answer::status(status).to_json())
    }

    fn answer(&self, status: Status, body: Bytes) -> Response {
        self.with_status(status, as_json(Response::new(body.into())))
    }

    /// Most clients read the status in the answer, those of some older versions that of HTTP.
    fn with_status(&self, status: Status, mut response: Response) -> Response {
        if self.form.has_http_status()
            && let Ok(code) = StatusCode::from_u16(status as u16)
        {
            *response.status_mut() = code;
        }
        response
    }
}

/// Names the session of a client that keeps it in a cookie.
const COOKIE: &str = "_phx_longpoll";

/// Gives a client the cookie, for this path alone. Its value is a token, of letters that cookies have.
fn cookie(path: &str, token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::try_from(format!("{COOKIE}={token}; Path={path}; HttpOnly; SameSite=Lax"))
}

/// The same for a session of another node.
fn deliver_from_elsewhere(poll: PollElsewhere) -> Response {
    as_json(Response::new(ResponseBody::later(async move { poll.into_answer().await })))
}

fn json(status: Status) -> Response {
    as_json(Response::new(Answer::status(status).to_json().into()))
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
    response.headers_mut().insert(header::RETRY_AFTER, TRY_AGAIN.as_secs().into());
    response
}

/// The answer to a request that was read to its end.
fn read(mut response: Response) -> Response {
    response.extensions_mut().insert(WholeBody);
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
