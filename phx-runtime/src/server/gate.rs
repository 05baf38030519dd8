//! What every request passes before any route sees it: whom it is from, whether the server lives,
//! and whether it may come unencrypted.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::response_body::ResponseBody;
use crate::{
    connect::{ForceSsl, Via, plain_response},
    endpoint::Endpoint,
    log,
};

/// A request as far as the gate looks at it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
}

/// Lets a request through, which then is known to have come so; or answers it.
pub(super) fn pass(
    endpoint: &Endpoint,
    via: Via,
    asked: Asked<'_>,
) -> Result<Via, Box<Response<ResponseBody>>> {
    let Asked { method, path, query, headers } = asked;
    if let Some(health) = health(endpoint, method, path) {
        return Err(health);
    }
    let peer = via.peer;
    let via = endpoint.0.proxies.resolve(via, headers).map_err(|ambiguous| {
        log::ambiguous_proxies(peer);
        boxed(plain_response(StatusCode::BAD_REQUEST, &ambiguous.to_string()))
    })?;
    if let Some(force) = &endpoint.0.force_ssl {
        let target = query.map(|query| format!("{path}?{query}"));
        let target = target.as_deref().unwrap_or(path);
        if let Some(answer) = force.answer(&via, method, target, headers) {
            return Err(boxed(answer));
        }
    }
    Ok(via)
}

/// What is added to an answer to a request that came so.
pub(super) fn finish(endpoint: &Endpoint, is_secure: bool, headers: &mut HeaderMap) {
    if is_secure && let Some(value) = endpoint.0.force_ssl.as_ref().and_then(ForceSsl::hsts_header)
    {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(value);
    }
}

fn health(endpoint: &Endpoint, method: &Method, path: &str) -> Option<Box<Response<ResponseBody>>> {
    let options = &endpoint.0.server;
    let is = |wanted: Option<&str>| wanted == Some(path);
    let asks_for_health = is(options.liveness) || is(options.readiness);
    if !asks_for_health || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let is_well = is(options.liveness) || endpoint.is_ready();
    let (status, text) = if is_well {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    };
    let mut answer = boxed(plain_response(status, text));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(answer)
}

fn boxed(response: Response<String>) -> Box<Response<ResponseBody>> {
    Box::new(response.map(Into::into))
}
