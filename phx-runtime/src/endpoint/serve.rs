//! A server around the endpoint: `warp::serve` with header timeouts and an orderly end.

use std::{fmt, io, net::SocketAddr, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, join_all, select},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use warp::{Filter, Rejection, Reply};

use super::{Endpoint, mounted::Mounted};
use crate::{
    channel::Reason,
    telemetry,
    transport::{CloseCode, Connection, settings::DrainerSettings},
};

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes the head of a request may have: its path, its query and all of its headers. A
/// larger one is answered with status 431, or with 414 where the path and query alone are too long.
/// It may have 100 headers, the default of the HTTP library.
const HEAD_LIMIT: usize = 64 * 1024;

/// How long to wait after `accept` failed, which it does while descriptors are short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long requests and connections may take to end once everybody has been told.
const GRACE: Duration = Duration::from_secs(5);

/// The client's address, for requests that our own server accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// A server that could not be started.
#[derive(Debug, Error)]
#[error("cannot listen on {address}")]
pub struct ServeError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

impl Endpoint {
    /// Serves the endpoint's mounts alone on `address`, until the process is told to end; then
    /// drains as [`Server::run`] does.
    ///
    /// The head of a request may take 10 s to arrive and have 64 KiB, path, query and at most 100
    /// headers together.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> Result<(), ServeError> {
        self.bind(address).await?.run(self.routes()).await;
        Ok(())
    }

    /// Starts to listen on `address`; port 0 picks a free one.
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), phx_runtime::ServeError> {
    /// use warp::Filter;
    ///
    /// let server = endpoint.bind(([127, 0, 0, 1], 0)).await?;
    /// println!("listening on http://{}", server.address());
    /// server.run(endpoint.routes().or(warp::path("health").map(|| "ok"))).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind(&self, address: impl Into<SocketAddr>) -> Result<Server, ServeError> {
        let address = address.into();
        let error = |source| ServeError { address, source };
        let listener = TcpListener::bind(address).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        Ok(Server { endpoint: self.clone(), listener, address, stop: termination().boxed() })
    }
}

/// A server that listens already.
#[must_use = "a server serves nobody until it runs"]
pub struct Server {
    endpoint: Endpoint,
    listener: TcpListener,
    address: SocketAddr,
    stop: BoxFuture<'static, ()>,
}

impl Server {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends serving when `signal` is ready, instead of on SIGTERM or Ctrl-C.
    pub fn stop_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = signal.boxed();
        self
    }

    /// Serves `routes` until SIGTERM or Ctrl-C. Then no new connections are taken, and the open
    /// ones are closed with code 1012, mount by mount as its drainer says, so that clients connect
    /// elsewhere.
    pub async fn run<F>(self, routes: F)
    where
        F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
        F::Extract: Reply,
    {
        // In a task of its own, connections are accepted by the threads that serve them: the
        // thread that waits for `run` under `#[tokio::main]` is another one, and waking a worker
        // for each connection would cost more than the handshake. The set ends it with this future.
        let mut serving = JoinSet::new();
        serving.spawn(self.accept(routes));
        if let Some(Err(error)) = serving.join_next().await {
            tracing::error!(%error, "the server ended by itself");
        }
    }

    async fn accept<F>(self, routes: F)
    where
        F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
        F::Extract: Reply,
    {
        let Self { endpoint, listener, mut stop, .. } = self;
        let (stop_http, stopping) = watch::channel(false);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        tokio::spawn(serve_http(stream, peer, routes.clone(), stopping.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept connections");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                () = &mut stop => break,
            }
        }
        drop((listener, stopping));
        endpoint.drain().await;
        stop_http.send_replace(true);
        // Every connection holds a receiver for as long as it lasts.
        if tokio::time::timeout(GRACE, stop_http.closed()).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }
}

/// Serves the requests of one TCP connection, up to its upgrade.
///
/// Not by hyper-util's `auto` builder: that waits without any timeout for the first bytes, to tell
/// HTTP/2 apart.
async fn serve_http<F>(
    stream: TcpStream,
    peer: SocketAddr,
    routes: F,
    mut stopping: watch::Receiver<bool>,
) where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let routes = TowerToHyperService::new(warp::service(routes));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        hyper::service::Service::call(&routes, request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // The one limits what is buffered before the head is whole, in steps; the other is exact.
    http.max_buf_size(HEAD_LIMIT).max_header_size(HEAD_LIMIT);
    let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let stopped = stopping.wait_for(|stop| *stop).map(drop);
    let served = match select(connection.as_mut(), std::pin::pin!(stopped)).await {
        Either::Left((served, _)) => served,
        Either::Right(((), _)) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that breaks off is not worth a line at a higher level.
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection broke");
    }
}

impl Endpoint {
    /// Tells all connections to go elsewhere, each mount's as its drainer says, and waits for them
    /// to end. [`Server::run`] does this by itself; under `warp::serve` it is up to the application.
    ///
    /// Phoenix counterpart: `Phoenix.Socket.PoolDrainer`.
    pub async fn drain(&self) {
        self.0.connections.start_draining();
        let mounts = self.0.mounts.iter().enumerate();
        join_all(mounts.map(|(index, mounted)| async move {
            let Some(drainer) = mounted.mount.drainer else {
                self.0.connections.of_mount(index).iter().for_each(send_elsewhere);
                return;
            };
            let draining = self.drain_mount(index, mounted, drainer);
            if tokio::time::timeout(drainer.shutdown, draining).await.is_err() {
                tracing::warn!(mount = %mounted.mount.path, "draining took too long");
            }
        }))
        .await;
        self.0.connections.close_all();
        if tokio::time::timeout(GRACE, self.0.connections.all_closed()).await.is_err() {
            let left = self.connections();
            tracing::warn!(left, "some connections did not end in time");
        }
    }

    async fn drain_mount(&self, index: usize, mounted: &Mounted, drainer: DrainerSettings) {
        let connections = self.0.connections.of_mount(index);
        let size = drainer.batch_size.max(1);
        let log = telemetry::Draining {
            level: drainer.log,
            socket: mounted.connector.socket(),
            mount: &mounted.mount.path,
            total: connections.len(),
            rounds: connections.len().div_ceil(size),
            interval: drainer.batch_interval,
        };
        for (round, batch) in connections.chunks(size).enumerate() {
            if round > 0 {
                tokio::time::sleep(drainer.batch_interval).await;
            }
            log.batch(round + 1, batch.len());
            batch.iter().for_each(send_elsewhere);
        }
    }
}

fn send_elsewhere(connection: &Connection) {
    connection.close(CloseCode::RESTART, Reason::Draining);
}

/// SIGTERM, or Ctrl-C.
async fn termination() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen for SIGTERM");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
