//! A server around the endpoint: `warp::serve` with header timeouts and an orderly end.

use std::{fmt, net::SocketAddr};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use warp::{Filter, Rejection, Reply};

use super::{
    accept::{Acceptor, Admission},
    answer::Routes,
    drain::GRACE,
    listener::{Bound, ListenAddress, Listener, ListensAt},
    opening,
    serve_error::ServeError,
    tasks::Tasks,
    termination,
};
use crate::{endpoint::Endpoint, log};

impl Endpoint {
    /// Serves the endpoint's mounts alone where `listener` says, until the process is told to end;
    /// then drains as [`Server::run`] does.
    ///
    /// The head of a request may take 10 s to arrive and have 64 KiB, path, query and at most 100
    /// headers together. What can be set is in [`ServerOptions`](crate::options::ServerOptions).
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), phx_runtime::server::ServeError> {
    /// endpoint.serve("127.0.0.1:4000").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve(&self, listener: impl ListensAt) -> BoxFuture<'_, Result<(), ServeError>> {
        let server = self.bind(listener);
        Box::pin(async move {
            server.await?.run_service(self.service()).await;
            Ok(())
        })
    }

    /// Starts to listen, and joins the cluster if there is one; port 0 picks a free one.
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), phx_runtime::server::ServeError> {
    /// use warp::Filter;
    ///
    /// let server = endpoint.bind("127.0.0.1:0").await?;
    /// println!("listening on http://{}", server.address());
    /// server.run(endpoint.routes().or(warp::path("health").map(|| "ok"))).await;
    /// # Ok(())
    /// # }
    /// ```
    // The future does not have the listener's type: what is none would be told of wherever that is mentioned.
    pub fn bind(&self, listener: impl ListensAt) -> BoxFuture<'_, Result<Server, ServeError>> {
        let listener = listener.into();
        Box::pin(self.bind_all([listener]))
    }

    /// Starts to listen at several places, such as those that
    /// [systemd gives](Listener::systemd).
    pub async fn bind_all<L: ListensAt>(
        &self,
        listeners: impl IntoIterator<Item = L>,
    ) -> Result<Server, ServeError> {
        let stop = termination::asked_for().boxed();
        let mut server = Server { endpoint: self.clone(), listeners: Vec::new(), stop };
        for listener in listeners {
            server = server.also(listener).await?;
        }
        self.join_cluster().await?;
        Ok(server)
    }
}

/// A server that listens already.
#[must_use = "a server serves nobody until it runs"]
pub struct Server {
    endpoint: Endpoint,
    listeners: Vec<Bound>,
    stop: BoxFuture<'static, ()>,
}

impl Server {
    /// Listens at one more place.
    pub fn also(self, listener: impl ListensAt) -> BoxFuture<'static, Result<Self, ServeError>> {
        Box::pin(self.listen(listener.into()))
    }

    async fn listen(mut self, listener: Listener) -> Result<Self, ServeError> {
        let bound = listener.bind(self.endpoint.0.server.backlog).await?;
        if bound.speaks.proxy_protocol && self.endpoint.0.proxies.is_empty() {
            log::proxy_protocol_without_proxies(bound.address());
        }
        self.listeners.push(bound);
        Ok(self)
    }

    /// The address of the first TCP port that it listens on.
    ///
    /// # Panics
    ///
    /// It listens on Unix sockets alone; [`addresses`](Self::addresses) tells of those too.
    pub fn address(&self) -> SocketAddr {
        let first = self.addresses().find_map(ListenAddress::socket_addr);
        let Some(first) = first else { panic!("this server listens on no TCP port") };
        first
    }

    /// Where it listens.
    pub fn addresses(&self) -> impl Iterator<Item = &ListenAddress> {
        self.listeners.iter().map(Bound::address)
    }

    /// Ends serving when `signal` is ready, instead of on SIGTERM or Ctrl-C.
    pub fn stop_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = signal.boxed();
        self
    }

    /// Serves `routes` until SIGTERM or Ctrl-C. Then no new connections are taken, and the open
    /// ones are closed with code 1012, mount by mount as its drainer says, so that clients connect
    /// elsewhere. A further Ctrl-C ends that at once.
    pub async fn run<F>(self, routes: F)
    where
        F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
        F::Extract: Reply,
    {
        self.serve(warp::service(routes)).await;
    }

    /// Serves a [`tower_service::Service`], such as the router of another framework with the endpoint
    /// as its fallback, as [`run`](Self::run) serves filters.
    ///
    /// ```no_run
    /// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), phx_runtime::server::ServeError> {
    /// let server = endpoint.bind("127.0.0.1:4000").await?;
    /// server.run_service(endpoint.service()).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_service<S, B>(self, service: S)
    where
        S: tower_service::Service<
                http::Request<hyper::body::Incoming>,
                Response = http::Response<B>,
                Error = std::convert::Infallible,
                Future: Send,
            > + Clone
            + Send
            + 'static,
        B: hyper::body::Body<
                Data: bytes::Buf + Send + 'static,
                Error: Into<Box<dyn std::error::Error + Send + Sync>>,
            > + Send
            + Unpin
            + 'static,
    {
        self.serve(service).await;
    }

    async fn serve<R: Routes>(self, routes: R) {
        // In a task of its own, connections are accepted by the threads that serve them: the
        // thread that waits for `run` under `#[tokio::main]` is another one, and waking a worker
        // for each connection would cost more than the handshake. The set ends it with this future.
        let mut serving = JoinSet::new();
        serving.spawn(self.accept(routes));
        if let Some(Err(error)) = serving.join_next().await {
            log::server_ended(error);
        }
    }

    async fn accept<R: Routes>(self, routes: R) {
        let Self { endpoint, listeners, mut stop } = self;
        // Whoever is served may have the process told to end at once, so that is listened for before.
        let is_told = (&mut stop).now_or_never().is_some();
        let tasks = Tasks::start(&endpoint, std::mem::take(&mut *endpoint.0.tasks.lock()));
        let (stop_http, stopping) = watch::channel(false);
        let admission = Admission::new(&endpoint.0.server);
        let mut accepting = JoinSet::new();
        for bound in listeners {
            let acceptor = Acceptor::new(bound, admission.clone());
            let (endpoint, routes) = (endpoint.clone(), routes.clone());
            accepting.spawn(listen(acceptor, endpoint, routes, stopping.clone()));
        }
        drop((stopping, routes));
        if !is_told {
            stop.await;
        }
        let end = async {
            endpoint.0.connections.start_leaving();
            // Whoever asks whether the server is ready may ask a few times more.
            sleep(endpoint.0.server.drain_delay).await;
            accepting.shutdown().await;
            endpoint.drain().await;
            stop_http.send_replace(true);
            // Every connection holds a receiver for as long as it lasts.
            if tokio::time::timeout(GRACE, stop_http.closed()).await.is_err() {
                log::requests_cut_off();
            }
            tasks.end().await;
        };
        tokio::select! {
            biased; // The next one counts from before anybody is told to go.
            () = termination::interrupted() => log::ended_at_once(),
            () = end => {}
        }
    }
}

/// Takes the connections of one listener, for ever.
async fn listen<R: Routes>(
    mut acceptor: Acceptor,
    endpoint: Endpoint,
    routes: R,
    stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = acceptor.next().await;
        let speaks = acceptor.bound().speaks.clone();
        let (endpoint, routes) = (endpoint.clone(), routes.clone());
        tokio::spawn(opening::serve(accepted, speaks, endpoint, routes, stopping.clone()));
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<_> = self.addresses().collect();
        f.debug_struct("Server").field("addresses", &addresses).finish_non_exhaustive()
    }
}
