//! Plain HTTP beside the sockets.

use phx_runtime::{Binary, Endpoint, Params};
use serde_json::value::RawValue;
use warp::{
    Filter, Rejection, Reply,
    http::{Response, StatusCode},
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
    let page = warp::get().map(|| "");
    endpoint.routes().or(healthz).or(broadcast).or(page)
}

/// Broadcasts the body on the topic that the query names.
fn broadcast(endpoint: &Endpoint, query: &str, body: Bytes) -> Response<&'static str> {
    let Ok(params) = Params::from_query(query) else { return answer(StatusCode::BAD_REQUEST) };
    let (Some(topic), Some(event)) = (params.get("topic"), params.get("event")) else {
        return answer(StatusCode::BAD_REQUEST);
    };
    let sent = if params.get("binary") == Some("1") {
        endpoint.try_broadcast(topic, event, Binary(body))
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
