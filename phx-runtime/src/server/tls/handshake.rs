//! A client's first second.

use std::{future::poll_fn, io, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Tls, stream::TlsStream};

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
    let mut stream = TlsStream::new(stream, tls.config())?;
    poll_fn(|task| stream.poll_handshake(task)).await?;
    let session = stream.session();
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.map(|certificate| certificate.as_ref().into());
    let speaks_http2 = session.alpn_protocol() == Some(b"h2");
    Ok(Encrypted { stream, certificate, speaks_http2 })
}
