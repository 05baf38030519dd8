//! A client's first second.

use std::{io, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::Tls;

/// A stream that is encrypted, and what its client showed.
pub(in crate::server) struct Encrypted<S> {
    pub(in crate::server) stream: TlsStream<S>,
    /// As DER.
    pub(in crate::server) certificate: Option<Arc<[u8]>>,
    pub(in crate::server) speaks_http2: bool,
}

/// Waits for the client's part of the handshake, for as long as it takes.
pub(in crate::server) async fn handshake<S>(stream: S, tls: &Tls) -> io::Result<Encrypted<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = TlsAcceptor::from(tls.config()).accept(stream).await?;
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.map(|certificate| certificate.as_ref().into());
    let speaks_http2 = session.alpn_protocol() == Some(b"h2");
    Ok(Encrypted { stream, certificate, speaks_http2 })
}
