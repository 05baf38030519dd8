//! A server for one test.

use std::{
    future::pending,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use phx_runtime::{Endpoint, server::Listener};
use warp::{Filter, Rejection, Reply};

use super::clock;

/// Serves an endpoint on a free port of this machine, until the test's runtime ends. The
/// [clock](super::clock) stops.
pub(crate) async fn serve(endpoint: &Endpoint) -> SocketAddr {
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    run(server.stop_on(pending()).run_service(endpoint.service()));
    address
}

/// The same, with routes of an application around the endpoint's.
pub(crate) async fn serve_routes<F>(endpoint: &Endpoint, routes: F) -> SocketAddr
where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let server = endpoint.bind(([127, 0, 0, 1], 0)).await.unwrap();
    let address = server.address();
    run(server.stop_on(pending()).run(routes));
    address
}

/// The same on a socket of Unix, over which bytes arrive in the moment in which they are sent.
pub(crate) async fn serve_locally<F>(endpoint: &Endpoint, routes: F) -> PathBuf
where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("phx-{}-{number}.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let server = endpoint.bind(Listener::unix(&path)).await.unwrap();
    run(server.stop_on(pending()).run(routes));
    path
}

/// Serves until the test's runtime ends. The [clock](super::clock) stops.
pub(crate) fn run(serving: impl Future<Output = ()> + Send + 'static) {
    let still = clock::stop();
    tokio::spawn(async move {
        serving.await;
        drop(still);
    });
}
