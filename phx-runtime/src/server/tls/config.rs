//! What rustls is told.

use std::{borrow::Cow, fs, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};

use super::{
    error::{Problem, TlsError},
    options::{Source, TlsOptions, TlsVersion},
};

/// What clients can resume their sessions with, over changes of the certificate: after a restart
/// of the server in front of many clients, each saves most of its handshake. Tickets keep the
/// sessions with the clients, so that nothing of them is kept here.
pub(super) struct Sessions {
    provider: Arc<CryptoProvider>,
    tickets: Arc<dyn ProducesTickets>,
}

impl Sessions {
    pub(super) fn new() -> Result<Self, TlsError> {
        let tickets = ring::Ticketer::new().map_err(Problem::Config)?;
        Ok(Self { provider: Arc::new(ring::default_provider()), tickets })
    }
}

pub(super) fn server(
    options: &TlsOptions,
    sessions: &Sessions,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&options.certificate.read()?).map_err(Problem::Certificate)?;
    if chain.is_empty() {
        return Err(Problem::NoCertificate.into());
    }
    let key = PrivateKeyDer::from_pem_slice(&options.key.read()?).map_err(Problem::Key)?;
    let versions = match options.minimum {
        TlsVersion::V1_2 => &[&TLS13, &TLS12][..],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let config = ServerConfig::builder_with_provider(sessions.provider.clone())
        .with_protocol_versions(versions)
        .map_err(Problem::Config)?;
    let config = match &options.client_roots {
        None => config.with_no_client_auth(),
        Some(roots) => {
            let mut store = RootCertStore::empty();
            let refused = |error: &dyn ToString| Problem::ClientRoots(error.to_string());
            for root in certificates(&roots.read()?).map_err(|error| refused(&error))? {
                store.add(root).map_err(|error| refused(&error))?;
            }
            let provider = sessions.provider.clone();
            let verifier = WebPkiClientVerifier::builder_with_provider(store.into(), provider);
            let verifier =
                if options.clients_must { verifier } else { verifier.allow_unauthenticated() };
            config.with_client_cert_verifier(verifier.build().map_err(|error| refused(&error))?)
        }
    };
    let mut config = config.with_single_cert(chain, key).map_err(Problem::Config)?;
    config.alpn_protocols = if options.http2 {
        vec![b"h2".to_vec(), b"http/1.1".to_vec()]
    } else {
        vec![b"http/1.1".to_vec()]
    };
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = sessions.tickets.clone();
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    CertificateDer::pem_slice_iter(text).collect()
}

impl Source {
    fn read(&self) -> Result<Cow<'_, [u8]>, Problem> {
        match self {
            Self::Memory(text) => Ok(text.into()),
            Self::File(path) => {
                let read = fs::read(path);
                let read = read.map_err(|source| Problem::File { path: path.clone(), source });
                read.map(Into::into)
            }
        }
    }
}
