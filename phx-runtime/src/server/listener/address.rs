//! Where a server can be reached.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// An address that a server listens on. Its text is one that clients take: `http://127.0.0.1:4000`,
/// `https://[::1]:4000`, `unix:/run/chat.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenAddress {
    /// A TCP port.
    #[non_exhaustive]
    Tcp {
        /// Its address.
        address: SocketAddr,
        /// Whether TLS is spoken there.
        is_tls: bool,
    },
    /// A Unix socket; without a path if it has none.
    Unix(Option<PathBuf>),
}

impl ListenAddress {
    /// The address of a TCP port.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp { address, .. } => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { address, is_tls } => {
                write!(f, "http{}://{address}", if *is_tls { "s" } else { "" })
            }
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:"),
        }
    }
}
