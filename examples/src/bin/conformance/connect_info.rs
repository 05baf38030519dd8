//! What is known of a connection, as JSON.

use std::net::SocketAddr;

use phx_runtime::{ConnectInfo, Params};
use serde_json::{Map, Value, json};

/// All keys, with lists of headers.
pub(crate) fn all(info: &ConnectInfo) -> Value {
    json!({
        "peer_data": peer_data(info.peer()),
        "uri": uri(info),
        "user_agent": info.user_agent(),
        "x_headers": list(info.x_headers()),
        "trace_context_headers": list(info.trace_context_headers()),
        "sec_websocket_headers": list(info.sec_websocket_headers()),
        "session": session(info),
        "signing_salt": "salt",
    })
}

/// All keys, with headers as objects.
pub(crate) fn all_as_objects(info: &ConnectInfo) -> Value {
    let mut all = all(info);
    all["x_headers"] = object(info.x_headers());
    all["trace_context_headers"] = object(info.trace_context_headers());
    all["sec_websocket_headers"] = object(info.sec_websocket_headers());
    all
}

/// The keys that the long-polling twin of that mount shows.
pub(crate) fn some_as_objects(info: &ConnectInfo) -> Value {
    json!({
        "peer_data": peer_data(info.peer()),
        "uri": uri(info),
        "x_headers": object(info.x_headers()),
        "trace_context_headers": object(info.trace_context_headers()),
    })
}

/// The session that the client's cookie carries, if it may be used.
pub(crate) fn session(info: &ConnectInfo) -> Value {
    json!(info.session())
}

/// The connection parameters.
pub(crate) fn params_json(params: &Params) -> Value {
    json!(params)
}

fn peer_data(peer: Option<SocketAddr>) -> Value {
    json!({
        "address": peer.map(|peer| peer.ip().to_string()),
        "port": peer.map(|peer| peer.port()),
        "ssl_cert": null,
    })
}

fn uri(info: &ConnectInfo) -> Value {
    let uri = info.uri();
    json!({
        "scheme": uri.scheme_str(),
        "host": uri.host(),
        "port": info.port(),
        "authority": uri.host(),
        "path": uri.path(),
        "query": uri.query().unwrap_or_default(),
        "userinfo": null,
        "fragment": null,
    })
}

fn list<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    headers.map(|(name, value)| json!([name, value])).collect()
}

fn object<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    headers.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into()
}
