//! How a request reached the server.

use std::{net::SocketAddr, sync::Arc};

/// From where a request came, over what, and for which host: what the connection itself tells, or a
/// trusted proxy in front.
#[derive(Clone, Debug, Default)]
pub(crate) struct Via {
    /// The client. A proxy that tells no port gives port 0.
    pub(crate) peer: Option<SocketAddr>,
    /// Whether the connection came through a Unix socket, which has no peer address.
    pub(crate) is_local: bool,
    /// Whether the client's own connection is encrypted.
    pub(crate) is_secure: bool,
    /// The host, with its port, that the client asked a proxy for.
    pub(crate) host: Option<String>,
    /// The client's certificate as DER, where TLS ends here and one was shown.
    pub(crate) certificate: Option<Arc<[u8]>>,
    /// Whether somebody who is not trusted said what only a proxy says.
    pub(crate) is_unbelieved: bool,
}

impl Via {
    pub(crate) fn from_peer(peer: Option<SocketAddr>) -> Self {
        Self { peer, ..Self::default() }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    /// The port that goes without saying.
    pub(crate) fn default_port(&self) -> u16 {
        if self.is_secure { 443 } else { 80 }
    }
}
