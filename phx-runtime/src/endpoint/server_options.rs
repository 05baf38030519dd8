//! What can be set of the endpoint's own server.

use std::time::Duration;

use super::connections::ConnectionLimits;

/// No deadline is further away, so that points in time can be reckoned with.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// How the endpoint's own server treats connections; given to
/// [`Builder::server`](crate::server::Builder::server).
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::{Endpoint, options::ServerOptions};
///
/// let options = ServerOptions::new().backlog(8192).idle_timeout(Duration::from_secs(90));
/// let endpoint = Endpoint::builder().server(options).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Phoenix counterpart: the options of Bandit or Cowboy under the endpoint's `http:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    pub(crate) backlog: u32,
    pub(crate) max_http_connections: usize,
    pub(crate) max_http_connections_per_peer: usize,
    pub(crate) connections: ConnectionLimits,
    pub(crate) liveness: Option<&'static str>,
    pub(crate) readiness: Option<&'static str>,
    pub(crate) drain_delay: Duration,
    idle_timeout: Duration,
    write_timeout: Duration,
}

impl ServerOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            backlog: 4096,
            max_http_connections: 16_384,
            max_http_connections_per_peer: usize::MAX,
            connections: ConnectionLimits::NONE,
            liveness: None,
            readiness: None,
            drain_delay: Duration::ZERO,
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
        }
    }

    /// How many connections may wait to be accepted; 4,096 by default, and at most what the system
    /// allows (`net.core.somaxconn` on Linux). Those of clients that come while it is full are made
    /// a second or more later, or never.
    pub const fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// How many connections may speak HTTP at a time; 16,384 by default. Further ones are answered
    /// with status 503 and closed.
    ///
    /// A `WebSocket` is one until its handshake is answered, a long-polling client for as long as it
    /// polls, and whoever sends no request for 10 s. Each may hold 64 KiB of a head that is not
    /// whole yet.
    pub const fn max_http_connections(mut self, connections: usize) -> Self {
        self.max_http_connections = connections;
        self
    }

    /// How many connections of one client may speak HTTP at a time: of an IPv4 address, or of an IPv6
    /// network of 64 bits. No limit by default. Further ones are answered with status 429 and closed.
    ///
    /// The address is the connection's own: set this only where clients reach the server without a
    /// proxy, or with one that speaks the
    /// [PROXY protocol](crate::server::Listener::proxy_protocol).
    pub const fn max_http_connections_per_peer(mut self, connections: usize) -> Self {
        self.max_http_connections_per_peer = connections;
        self
    }

    /// How many connections may be open at a time, `WebSocket`s, long-polling sessions and those of
    /// transports of your own together; no limit by default. Further clients are answered with status 503 and `Retry-After`.
    ///
    /// This holds under every server, not the endpoint's own alone.
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.connections.all = connections;
        self
    }

    /// How many of them one client may have: an IPv4 address, or an IPv6 network of 64 bits. No limit
    /// by default. Further ones are answered with status 429 and `Retry-After`.
    ///
    /// Behind a proxy, name it in [`trust_proxies`](crate::server::Builder::trust_proxies), or all
    /// clients count as one.
    pub const fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.connections.per_peer = connections;
        self
    }

    /// A path that answers 200 for as long as the process serves, for whoever restarts it; none by
    /// default.
    pub const fn liveness(mut self, path: &'static str) -> Self {
        self.liveness = Some(path);
        self
    }

    /// A path that answers 200 while clients are welcome, and 503 from when the server is told to
    /// end, for whoever sends it clients; none by default.
    pub const fn readiness(mut self, path: &'static str) -> Self {
        self.readiness = Some(path);
        self
    }

    /// How long clients are still taken after the server was told to end, so that whoever asks
    /// whether it is [ready](Self::readiness) learns of it before connections fail; 0 by default.
    pub const fn drain_delay(mut self, delay: Duration) -> Self {
        self.drain_delay = delay;
        self
    }

    /// How long a connection is kept open for a next request; 75 s by default. Where a load
    /// balancer in front reuses its connections, this has to be longer than it keeps them: it would
    /// otherwise send requests into connections that are just being closed.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a client may take nothing of an HTTP answer that waits for it before the connection
    /// is closed; 30 s by default.
    pub const fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    pub(crate) fn longest_idle(&self) -> Duration {
        self.idle_timeout.min(LONGEST)
    }

    pub(crate) fn longest_write(&self) -> Duration {
        self.write_timeout.min(LONGEST)
    }

    /// An option with which no client could be served.
    pub(crate) fn unusable(&self) -> Option<&'static str> {
        match self {
            Self { backlog: 0, .. } => Some("backlog"),
            Self { max_http_connections: 0, .. } => Some("max_http_connections"),
            Self { max_http_connections_per_peer: 0, .. } => Some("max_http_connections_per_peer"),
            Self { connections: ConnectionLimits { all: 0, .. }, .. } => Some("max_connections"),
            Self { connections: ConnectionLimits { per_peer: 0, .. }, .. } => {
                Some("max_connections_per_peer")
            }
            Self { write_timeout: Duration::ZERO, .. } => Some("write_timeout"),
            _ => None,
        }
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}
