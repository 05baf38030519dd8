//! Plain HTTP beside the sockets.

use phx_runtime::{
    Binary, Endpoint, Params,
    options::SessionOptions,
    session_cookie::{Session, SessionError},
};
use serde_json::value::RawValue;
use warp::{
    Filter, Rejection, Reply,
    http::{Response, StatusCode, header::SET_COOKIE},
    hyper::body::Bytes,
};

/// The endpoint's mounts and everything else that the server answers.
pub(crate) fn routes(
    endpoint: &Endpoint,
) -> impl Filter<Extract = (impl Reply + use<>,), Error = Rejection> + Clone + use<> {
    let healthz = warp::path!("healthz").and(warp::get()).map(|| "ok");
    let bus = endpoint.clone();
    let broadcast = warp::path!("broadcast")
        .and(warp::post())
        .and(warp::query::raw())
        .and(warp::body::bytes())
        .map(move |query: String, body: Bytes| broadcast(&bus, &query, body));
    let pages = endpoint.clone();
    let page = warp::get().map(move || {
        page(&pages).unwrap_or_else(|_| answer(StatusCode::INTERNAL_SERVER_ERROR).into_response())
    });
    endpoint.routes().or(healthz).or(broadcast).or(page)
}

/// Where the session is kept.
pub(crate) fn session() -> SessionOptions {
    SessionOptions::new("_conformance_key")
}

/// Any page: gives the browser a session, and shows the CSRF token that belongs to it.
fn page(endpoint: &Endpoint) -> Result<warp::reply::Response, SessionError> {
    let mut user = Session::new();
    user.insert("from_session", "123");
    let csrf_token = session().csrf_token(&mut user)?;
    let set_cookie = session().set_cookie(&user, endpoint.secret())?;
    let mut response = Response::new(csrf_token).into_response();
    response.headers_mut().insert(SET_COOKIE, set_cookie);
    Ok(response)
}

/// Broadcasts the body on the topic that the query names.
fn broadcast(endpoint: &Endpoint, query: &str, body: Bytes) -> Response<&'static str> {
    let Ok(params) = Params::from_query(query) else { return answer(StatusCode::BAD_REQUEST) };
    let (Some(topic), Some(event)) = (params.get("topic"), params.get("event")) else {
        return answer(StatusCode::BAD_REQUEST);
    };
    let sent = if params.get("binary") == Some("1") {
        endpoint.try_broadcast(topic, event, Binary::from(body))
    } else {
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        let Ok(payload) = serde_json::from_slice::<Box<RawValue>>(&body) else {
            return answer(StatusCode::BAD_REQUEST);
        };
        endpoint.try_broadcast(topic, event, payload)
    };
    answer(if sent.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST })
}

fn answer(status: StatusCode) -> Response<&'static str> {
    let mut response = Response::new(if status == StatusCode::OK { "ok" } else { "" });
    *response.status_mut() = status;
    response
}
