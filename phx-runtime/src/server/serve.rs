//! A server around the endpoint: `warp::serve` with header timeouts and an orderly end.

use std::{fmt, io, net::SocketAddr, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinSet,
};
use warp::{Filter, Rejection, Reply};

use super::{
    accept::{Accepted, Acceptor},
    http_connection,
    stream::Timeouts,
};
use crate::{
    cluster::ClusterError,
    connect::DrainerSettings,
    connection::Connection,
    endpoint::{Endpoint, Mounted},
    log,
    message::Reason,
    wire::CloseCode,
};

/// How long requests and connections may take to end once everybody has been told.
const GRACE: Duration = Duration::from_secs(5);

/// A server that could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The engine between nodes is not there.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl ServeError {
    /// A word for it in metrics and logs: `listen` or `cluster`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::Cluster(_) => "cluster",
        }
    }
}

impl Endpoint {
    /// Serves the endpoint's mounts alone on `address`, until the process is told to end; then
    /// drains as [`Server::run`] does.
    ///
    /// The head of a request may take 10 s to arrive and have 64 KiB, path, query and at most 100
    /// headers together. What can be set is in [`ServerOptions`](crate::options::ServerOptions).
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> Result<(), ServeError> {
        self.bind(address).await?.run(self.routes()).await;
        Ok(())
    }

    /// Starts to listen on `address`, and joins the cluster if there is one; port 0 picks a free one.
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), phx_runtime::server::ServeError> {
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
        let error = |source| ServeError::Listen { address, source };
        let listener = listen(address, self.0.server.backlog).map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        self.join_cluster().await?;
        Ok(Server { endpoint: self.clone(), listener, address, stop: termination().boxed() })
    }
}

/// As tokio's listener is made, but for the length of its queue.
fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A server that is started again takes its port back. On Windows it would take that of others.
    if cfg!(not(windows)) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(backlog)
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
            log::server_ended(error);
        }
    }

    async fn accept<F>(self, routes: F)
    where
        F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
        F::Extract: Reply,
    {
        let Self { endpoint, listener, mut stop, .. } = self;
        let (stop_http, stopping) = watch::channel(false);
        let timeouts = Timeouts::of(&endpoint.0.server);
        let mut acceptor = Acceptor::new(listener, endpoint.0.server.max_http_connections);
        loop {
            tokio::select! {
                Accepted { stream, peer, place } = acceptor.next() => {
                    let routes = routes.clone();
                    let served =
                        http_connection::serve(stream, peer, timeouts, routes, stopping.clone());
                    tokio::spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                () = &mut stop => break,
            }
        }
        drop((acceptor, stopping));
        endpoint.drain().await;
        stop_http.send_replace(true);
        // Every connection holds a receiver for as long as it lasts.
        if tokio::time::timeout(GRACE, stop_http.closed()).await.is_err() {
            log::requests_cut_off();
        }
    }
}

impl Endpoint {
    /// Tells all connections to go elsewhere, each mount's as its drainer says, and waits for them
    /// to end; then leaves the cluster, if there is one. [`Server::run`] does this by itself; under `warp::serve` it is up to the application.
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
                log::draining_too_slow(&mounted.mount.path);
            }
        }))
        .await;
        self.0.connections.close_all();
        if tokio::time::timeout(GRACE, self.0.connections.all_closed()).await.is_err() {
            let left = self.connections();
            log::connections_cut_off(left);
        }
        // Who was here has left by now, and the others know of it.
        self.leave_cluster().await;
    }

    async fn drain_mount(&self, index: usize, mounted: &Mounted, drainer: DrainerSettings) {
        let connections = self.0.connections.of_mount(index);
        let size = drainer.batch_size.max(1);
        let log = log::DrainLine {
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
            log::cannot_listen_for("Ctrl-C", error);
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
                log::cannot_listen_for("SIGTERM", error);
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
