//! What keeps TLS from being spoken.

use std::{io, path::PathBuf};

use rustls::pki_types::pem;
use thiserror::Error;

/// Certificate, key or settings that cannot be used.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct TlsError(#[from] pub(super) Problem);

/// What is wrong, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// A file cannot be read.
    File,
    /// There is no certificate, or it is none.
    Certificate,
    /// There is no private key, or it is none.
    Key,
    /// The certificates that clients' certificates are checked with are none.
    ClientRoots,
    /// They do not fit together, as when the key is that of another certificate.
    Config,
}

impl TlsError {
    /// What is wrong.
    pub fn kind(&self) -> TlsErrorKind {
        match self.0 {
            Problem::File { .. } => TlsErrorKind::File,
            Problem::NoCertificate | Problem::Certificate(_) => TlsErrorKind::Certificate,
            Problem::Key(_) => TlsErrorKind::Key,
            Problem::ClientRoots(_) => TlsErrorKind::ClientRoots,
            Problem::Config(_) => TlsErrorKind::Config,
        }
    }
}

#[derive(Debug, Error)]
pub(super) enum Problem {
    #[error("cannot read {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("there is no certificate in the PEM text")]
    NoCertificate,
    #[error("the certificate is no PEM text")]
    Certificate(#[source] pem::Error),
    #[error("there is no private key in the PEM text")]
    Key(#[source] pem::Error),
    #[error("the certificates that clients' are checked with cannot be used: {0}")]
    ClientRoots(String),
    #[error("certificate and key cannot be used: {0}")]
    Config(#[source] rustls::Error),
}
