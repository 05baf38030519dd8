//! WebSocket under another HTTP server: axum routes the request and gives the upgraded stream.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use hyper_util::rt::TokioIo;
use phx_runtime::Endpoint;

/// The route for the clients of the socket that is mounted at `path` with WebSocket.
pub fn routes(endpoint: Endpoint, path: &str) -> Router {
    Router::new().route(&format!("{path}/websocket"), any(upgrade)).with_state(endpoint)
}

async fn upgrade(State(endpoint): State<Endpoint>, mut request: Request) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    match endpoint.accept_websocket(&parts, None).await {
        Ok((response, client)) => {
            tokio::spawn(async move {
                if let Ok(stream) = upgraded.await {
                    client.serve(TokioIo::new(stream)).await;
                }
            });
            response.map(|()| Body::empty())
        }
        Err(refusal) => refusal.map(Body::from),
    }
}
