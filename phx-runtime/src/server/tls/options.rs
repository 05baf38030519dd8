//! What can be set of TLS.

use std::{fmt, path::PathBuf};

/// Where certificate and key are, and what is asked of clients.
///
/// ```no_run
/// # async fn run(endpoint: phx_runtime::Endpoint) -> Result<(), Box<dyn std::error::Error>> {
/// use phx_runtime::server::{Listener, TlsOptions};
///
/// let tls = TlsOptions::files("/etc/chat/fullchain.pem", "/etc/chat/privkey.pem").build()?;
/// endpoint.serve(Listener::from("[::]:443").tls(&tls)).await?;
/// # Ok(())
/// # }
/// ```
///
/// Phoenix counterpart: `https: [certfile: .., keyfile: ..]`.
#[derive(Clone, Debug)]
#[must_use]
pub struct TlsOptions {
    pub(super) certificate: Source,
    pub(super) key: Source,
    pub(super) minimum: TlsVersion,
    pub(super) client_roots: Option<Source>,
    pub(super) clients_must: bool,
    pub(super) http2: bool,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// A PEM text, or where it is.
#[derive(Clone)]
pub(super) enum Source {
    File(PathBuf),
    Memory(Vec<u8>),
}

/// A key is shown to nobody.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Memory(_) => f.write_str("in memory"),
        }
    }
}

impl TlsOptions {
    /// Reads PEM files: the certificate with those that signed it behind it, and its private key
    /// (PKCS #8, PKCS #1 or SEC 1).
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(certificate.into()), Source::File(key.into()))
    }

    /// As [`files`](Self::files), with the texts themselves.
    pub fn pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Memory(certificate.into()), Source::Memory(key.into()))
    }

    fn new(certificate: Source, key: Source) -> Self {
        Self {
            certificate,
            key,
            minimum: TlsVersion::V1_2,
            client_roots: None,
            clients_must: false,
            http2: true,
        }
    }

    /// The oldest version that is spoken; TLS 1.2 by default. Older ones than that do not exist here.
    pub fn minimum(mut self, version: TlsVersion) -> Self {
        self.minimum = version;
        self
    }

    /// Asks clients for a certificate that one of those in this PEM file signed. A client without one
    /// is let in, and [`ConnectInfo::client_certificate`](crate::ConnectInfo::client_certificate)
    /// tells; one with another certificate is not.
    pub fn client_certificates(mut self, signed_by: impl Into<PathBuf>) -> Self {
        self.client_roots = Some(Source::File(signed_by.into()));
        self
    }

    /// The same with the text itself.
    pub fn client_certificates_pem(mut self, signed_by: impl Into<Vec<u8>>) -> Self {
        self.client_roots = Some(Source::Memory(signed_by.into()));
        self
    }

    /// Lets no client in without a certificate, where they are asked for one.
    pub fn require_client_certificates(mut self) -> Self {
        self.clients_must = true;
        self
    }

    /// Whether HTTP/2 is offered, with `WebSocket`s over it (RFC 8441); on by default.
    pub fn http2(mut self, on: bool) -> Self {
        self.http2 = on;
        self
    }
}
