//! WebSocket under another HTTP server: axum routes the request and gives the upgraded stream.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::Response,
    routing::any,
};
use hyper_util::rt::TokioIo;
use phx_runtime::Endpoint;
use tokio::time::timeout;

/// How long a client may take between the answer and the stream that speaks WebSocket.
const UPGRADE: Duration = Duration::from_secs(10);

/// The route for the clients of the socket that is mounted at `path` with WebSocket.
pub fn routes(endpoint: Endpoint, path: &str) -> Router {
    Router::new().route(&format!("{path}/websocket"), any(upgrade)).with_state(endpoint)
}

async fn upgrade(State(endpoint): State<Endpoint>, mut request: Request) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let peer = parts.extensions.get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    match endpoint.accept_websocket(&parts, peer).await {
        Ok((response, client)) => {
            tokio::spawn(async move {
                if let Ok(Ok(stream)) = timeout(UPGRADE, upgraded).await {
                    client.serve(TokioIo::new(stream)).await;
                }
            });
            response.map(|()| Body::empty())
        }
        Err(refusal) => refusal.map(Body::from),
    }
}
