//! Clients that speak TLS.

use std::{io, net::TcpStream, sync::Arc};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

use super::wire::Line;

/// A certificate that nobody signed, and clients that trust it.
pub struct Certified {
    certificate: String,
    key: String,
    pub trusted: Arc<ClientConfig>,
}

impl Certified {
    pub fn new() -> io::Result<Self> {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let certified = certified.map_err(io::Error::other)?;
        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).map_err(io::Error::other)?;
        let trusted = ClientConfig::builder_with_provider(ring::default_provider().into());
        let trusted = trusted.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        Ok(Self {
            certificate: certified.cert.pem(),
            key: certified.signing_key.serialize_pem(),
            trusted: trusted.with_root_certificates(roots).with_no_client_auth().into(),
        })
    }

    /// What the server is told of it.
    pub fn environment(&self) -> [(&str, &str); 2] {
        [("CERTIFICATE", &self.certificate), ("KEY", &self.key)]
    }
}

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

impl Line for Encrypted {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

pub fn connect(trusted: &Arc<ClientConfig>, stream: TcpStream) -> io::Result<Encrypted> {
    let name = "localhost".try_into().map_err(io::Error::other)?;
    let client = ClientConnection::new(trusted.clone(), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(client, stream))
}
