//! A server for one test.

use std::{future::pending, net::SocketAddr};

use phx_runtime::Endpoint;
use warp::{Filter, Rejection, Reply};

/// Serves an endpoint on a free port of this machine, until the test's runtime ends.
pub(crate) async fn serve(endpoint: &Endpoint) -> SocketAddr {
    serve_routes(endpoint, endpoint.routes()).await
}

/// The same, with routes of an application around the endpoint's.
pub(crate) async fn serve_routes<F>(endpoint: &Endpoint, routes: F) -> SocketAddr
where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    tokio::spawn(server.stop_on(pending()).run(routes));
    address
}
