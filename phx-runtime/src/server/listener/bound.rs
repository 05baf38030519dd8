//! A listener that listens.

use std::{io, net::SocketAddr};

use socket2::SockRef;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

#[cfg(unix)]
use super::socket_file::SocketFile;
use super::{address::ListenAddress, socket_options, wire::Wire};
#[cfg(feature = "tls")]
use crate::server::tls::Tls;

/// Listens, until it is dropped.
pub(in crate::server) struct Bound {
    source: Source,
    address: ListenAddress,
    pub(in crate::server) speaks: Speaks,
}

/// What is spoken on a connection before HTTP.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct Speaks {
    pub(in crate::server) proxy_protocol: bool,
    #[cfg(feature = "tls")]
    pub(in crate::server) tls: Option<Tls>,
}

impl Speaks {
    /// Whether HTTP comes first.
    pub(in crate::server) fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        !self.proxy_protocol
    }
}

enum Source {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(
        UnixListener,
        #[expect(dead_code, reason = "removes the file at the end")] Option<SocketFile>,
    ),
}

impl Bound {
    pub(super) fn tcp(listener: TcpListener) -> io::Result<Self> {
        socket_options::set(SockRef::from(&listener));
        let address = ListenAddress::Tcp { address: listener.local_addr()?, is_tls: false };
        Ok(Self { source: Source::Tcp(listener), address, speaks: Speaks::default() })
    }

    #[cfg(unix)]
    pub(super) fn unix(listener: UnixListener, file: Option<SocketFile>) -> io::Result<Self> {
        let path = listener.local_addr()?.as_pathname().map(Into::into);
        let source = Source::Unix(listener, file);
        Ok(Self { source, address: ListenAddress::Unix(path), speaks: Speaks::default() })
    }

    pub(super) fn proxy_protocol(mut self, on: bool) -> Self {
        self.speaks.proxy_protocol = on;
        self
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls(mut self, tls: Option<Tls>) -> Self {
        if let ListenAddress::Tcp { is_tls, .. } = &mut self.address {
            *is_tls = tls.is_some();
        }
        self.speaks.tls = tls;
        self
    }

    pub(in crate::server) fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// The next stream, and its other end where that has an address. Loses none when dropped
    /// meanwhile.
    pub(in crate::server) async fn accept(&self) -> io::Result<(Wire, Option<SocketAddr>)> {
        match &self.source {
            Source::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                if !socket_options::ARE_INHERITED {
                    socket_options::set(SockRef::from(&stream));
                }
                Ok((Wire::Tcp(stream), Some(peer)))
            }
            #[cfg(unix)]
            Source::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Wire::Other(Box::new(stream)), None))
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpStream};

    use super::{Bound, Wire, socket_options::NOT_SENT};

    #[tokio::test]
    async fn connections_have_the_options_of_their_listener() {
        let bound = Bound::tcp(TcpListener::bind(("127.0.0.1", 0)).await.unwrap()).unwrap();
        let address = bound.address().socket_addr().unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (wire, _) = bound.accept().await.unwrap();
        let Wire::Tcp(stream) = wire else { panic!("another stream") };
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), NOT_SENT);
    }
}
