//! From a connection that was accepted to one that speaks HTTP.

use std::{io, net::SocketAddr};

use tokio::{sync::watch, time::timeout};

use super::{
    accept::Place,
    answer::Routes,
    http_connection,
    listener::{
        Speaks, Wire,
        proxy_protocol::{self, Client},
    },
    stream::HEAD_TIMEOUT,
};
use crate::{connect::Via, endpoint::Endpoint, log};

/// A connection that may speak HTTP.
struct Opened {
    wire: Wire,
    via: Via,
    speaks_http2: bool,
}

/// Serves one connection, from its first byte to its end or its upgrade.
pub(super) async fn serve<R: Routes>(
    accepted: (Wire, Option<SocketAddr>, Place),
    speaks: Speaks,
    endpoint: Endpoint,
    routes: R,
    stopping: watch::Receiver<bool>,
) {
    let (wire, peer, place) = accepted;
    let opened = if speaks.is_plain() {
        let via = Via { is_local: peer.is_none(), ..Via::from_peer(peer) };
        Opened { wire, via, speaks_http2: false }
    } else {
        // Boxed: connections that speak something first are fewer than their tasks are large.
        match timeout(HEAD_TIMEOUT, Box::pin(open(wire, peer, speaks, &endpoint))).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return log::connection_not_opened(peer, error),
            Err(_) => return log::slow_request(peer),
        }
    };
    let Opened { wire, via, speaks_http2 } = opened;
    #[cfg(feature = "tls")]
    if speaks_http2 {
        // Boxed for the same reason.
        Box::pin(super::http2_connection::serve(wire, via, endpoint, routes, stopping)).await;
        drop(place);
        return;
    }
    let _ = speaks_http2;
    http_connection::serve(wire, via, endpoint, routes, stopping).await;
    drop(place);
}

/// What comes before HTTP: who the client of a balancer is, and encryption.
async fn open(
    mut wire: Wire,
    peer: Option<SocketAddr>,
    speaks: Speaks,
    endpoint: &Endpoint,
) -> io::Result<Opened> {
    let mut via = Via { is_local: peer.is_none(), ..Via::from_peer(peer) };
    if speaks.proxy_protocol {
        if !endpoint.0.proxies.trusts(peer, via.is_local) {
            let problem = "the PROXY protocol is spoken with `trust_proxies` alone";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        if let Client::At(client) = proxy_protocol::read(&mut wire).await? {
            via = Via::from_peer(Some(client));
        }
    }
    #[cfg(feature = "tls")]
    if let Some(tls) = &speaks.tls {
        let encrypted = super::tls::handshake(wire, tls).await?;
        let via = Via { is_secure: true, certificate: encrypted.certificate, ..via };
        let wire = Wire::Other(Box::new(encrypted.stream));
        return Ok(Opened { wire, via, speaks_http2: encrypted.speaks_http2 });
    }
    Ok(Opened { wire, via, speaks_http2: false })
}
