//! Where a server listens.
//!
//! - [`Listener`] is what an application asks for: an address, a path, or a socket that exists, with
//!   what is spoken on it before HTTP.
//! - [`Bound`] listens, and gives one stream after the other.
//! - [`Wire`] is such a stream: bare TCP, or anything else behind one pointer.
//! - [`proxy_protocol`] reads what a load balancer says before the first byte of its client.

mod address;
mod bound;
pub(super) mod proxy_protocol;
#[cfg(unix)]
mod socket_file;
pub(super) mod socket_options;
#[cfg(unix)]
mod systemd;
#[cfg(unix)]
mod unix_path;
mod wire;

#[cfg(unix)]
use std::path::PathBuf;
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpSocket, lookup_host};

pub use self::address::ListenAddress;
pub(super) use self::{
    bound::{Bound, Speaks},
    wire::Wire,
};
use super::serve_error::ServeError;
#[cfg(feature = "tls")]
use super::tls::Tls;

/// A place where a server listens, and what is spoken there.
///
/// Whatever [`Endpoint::serve`](crate::Endpoint::serve) takes is one:
///
/// | | |
/// |---|---|
/// | `([127, 0, 0, 1], 4000)`, a `SocketAddr` | a TCP address; port 0 picks a free one |
/// | `"127.0.0.1:4000"`, `"[::]:4000"`, `"localhost:4000"` | the same as text; of a name, the first address |
/// | `4000` | that port of 127.0.0.1, which other machines do not reach |
/// | `"unix:/run/chat.sock"` | a Unix socket, made here and removed at the end |
/// | a `TcpListener` or `UnixListener`, of `std` or tokio | one that listens already |
///
/// ```no_run
/// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), Box<dyn std::error::Error>> {
/// use phx_runtime::server::Listener;
///
/// let balanced = Listener::from("0.0.0.0:4001").proxy_protocol();
/// let server = endpoint.bind("unix:/run/chat.sock").await?.also(balanced).await?;
/// server.run(endpoint.routes()).await;
/// # Ok(())
/// # }
/// ```
///
/// Phoenix counterpart: the endpoint's `http:` and `https:`.
#[derive(Debug)]
#[must_use]
pub struct Listener {
    place: Place,
    proxy_protocol: bool,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

/// Where it is.
#[derive(Debug)]
enum Place {
    Address(SocketAddr),
    Name(String),
    Tcp(std::net::TcpListener),
    Tokio(TcpListener),
    #[cfg(unix)]
    Path(PathBuf),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
    #[cfg(unix)]
    TokioUnix(UnixListener),
}

impl Listener {
    fn at(place: Place) -> Self {
        Self {
            place,
            proxy_protocol: false,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// A Unix socket at this path, made here and removed at the end. What is there already is
    /// replaced if it is a socket on which nobody listens. Who may connect is up to the permissions
    /// of its folder.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::Path(path.into()))
    }

    /// The sockets that systemd listens on for this process (`ListenStream=` of its `.socket`
    /// unit), in the order of the unit; none without socket activation. Clients that come while the
    /// service is started anew wait there. A second call gives none.
    ///
    /// # Errors
    ///
    /// One of them is no stream socket.
    #[cfg(unix)]
    pub fn systemd() -> Result<Vec<Self>, ServeError> {
        let sockets = systemd::sockets()?;
        let listeners = sockets.into_iter().map(|socket| match socket {
            systemd::Given::Tcp(listener) => listener.into(),
            systemd::Given::Unix(listener) => listener.into(),
        });
        Ok(listeners.collect())
    }

    /// Expects the PROXY protocol, version 1 or 2, before anything else: a load balancer says there
    /// who its client is. It has to be one of the
    /// [trusted proxies](crate::server::Builder::trust_proxies); connections of others, and those
    /// that say nothing of the kind, are closed.
    pub fn proxy_protocol(mut self) -> Self {
        self.proxy_protocol = true;
        self
    }

    /// Speaks TLS.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &Tls) -> Self {
        self.tls = Some(tls.clone());
        self
    }

    /// Starts to listen.
    pub(super) async fn bind(self, backlog: u32) -> Result<Bound, ServeError> {
        let name = self.place.to_string();
        let error = |source| ServeError::listen(&name, source);
        let bound = self.place.bind(backlog).await.map_err(error)?;
        let bound = bound.proxy_protocol(self.proxy_protocol);
        #[cfg(feature = "tls")]
        let bound = bound.tls(self.tls);
        Ok(bound)
    }
}

impl Place {
    async fn bind(self, backlog: u32) -> io::Result<Bound> {
        match self {
            Self::Address(address) => Bound::tcp(listen(address, backlog)?),
            Self::Name(name) => {
                let address = lookup_host(&*name).await?.next();
                let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                Bound::tcp(listen(address.ok_or_else(none)?, backlog)?)
            }
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Bound::tcp(TcpListener::from_std(listener)?)
            }
            Self::Tokio(listener) => Bound::tcp(listener),
            #[cfg(unix)]
            Self::Path(path) => unix_path::bind(path, backlog),
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Bound::unix(UnixListener::from_std(listener)?, None)
            }
            #[cfg(unix)]
            Self::TokioUnix(listener) => Bound::unix(listener, None),
        }
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Tcp(_) | Self::Tokio(_) => f.write_str("the TCP listener that was given"),
            #[cfg(unix)]
            Self::Path(path) => write!(f, "unix:{}", path.display()),
            #[cfg(unix)]
            Self::Unix(_) | Self::TokioUnix(_) => f.write_str("the Unix socket that was given"),
        }
    }
}

impl From<&str> for Listener {
    /// See [`Listener`]; what is wrong with a text is told when the server starts.
    fn from(text: &str) -> Self {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::unix(path);
        }
        Self::at(match text.parse() {
            Ok(address) => Place::Address(address),
            Err(_) => Place::Name(text.to_owned()),
        })
    }
}

impl From<String> for Listener {
    fn from(text: String) -> Self {
        Self::from(&*text)
    }
}

impl From<SocketAddr> for Listener {
    fn from(address: SocketAddr) -> Self {
        Self::at(Place::Address(address))
    }
}

/// What can say where a server listens.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say where to listen",
    label = "expected an address",
    note = "an address is `\"0.0.0.0:4000\"` or `([0, 0, 0, 0], 4000)`; a port alone, as a `u16`, is one of 127.0.0.1; a \
            listener of the standard library or of Tokio is one too"
)]
pub trait ListensAt: Into<Listener> {}

#[diagnostic::do_not_recommend]
impl<T: Into<Listener>> ListensAt for T {}

impl<I: Into<IpAddr>> From<(I, u16)> for Listener {
    fn from(address: (I, u16)) -> Self {
        Self::from(SocketAddr::from(address))
    }
}

impl From<u16> for Listener {
    /// A port of this machine alone.
    fn from(port: u16) -> Self {
        Self::from((Ipv4Addr::LOCALHOST, port))
    }
}

impl From<std::net::TcpListener> for Listener {
    fn from(listener: std::net::TcpListener) -> Self {
        Self::at(Place::Tcp(listener))
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::at(Place::Tokio(listener))
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for Listener {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        Self::at(Place::Unix(listener))
    }
}

#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::at(Place::TokioUnix(listener))
    }
}
