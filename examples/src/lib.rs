//! What the example programs share.

mod cluster;
pub mod msgpack;

pub use self::cluster::with_environment;

use std::{
    env,
    net::{AddrParseError, IpAddr, Ipv4Addr, SocketAddr},
    num::ParseIntError,
};

use phx_runtime::server::{Builder, Listener, Tls, TlsError, TlsOptions};
use thiserror::Error;

/// What the environment says of where to listen cannot be understood.
#[derive(Debug, Error)]
pub enum AddressError {
    /// `HOST` is no IP address.
    #[error("HOST must be an IP address such as 127.0.0.1 or 0.0.0.0")]
    Host(#[from] AddrParseError),
    /// `PORT` is no port number.
    #[error("PORT must be a number from 0 to 65535; 0 picks a free port")]
    Port(#[from] ParseIntError),
    /// `TLS_CERT` and `TLS_KEY` cannot be used.
    #[error("TLS_CERT and TLS_KEY must be PEM files: {0}")]
    Tls(#[from] TlsError),
    /// One of the two is missing.
    #[error("TLS_CERT and TLS_KEY go together")]
    HalfOfTls,
}

/// Where an example listens: `HOST` and `PORT` of the environment, else 127.0.0.1:4000.
pub fn address() -> Result<SocketAddr, AddressError> {
    let host = match env::var("HOST") {
        Ok(host) => host.parse()?,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let port = match env::var("PORT") {
        Ok(port) => port.parse()?,
        Err(_) => 4000,
    };
    Ok(SocketAddr::new(host, port))
}

/// The same as a listener, which speaks TLS where `TLS_CERT` and `TLS_KEY` name files in PEM. SIGHUP
/// reads them anew.
pub fn listener() -> Result<Listener, AddressError> {
    let listener = Listener::from(address()?);
    match (env::var_os("TLS_CERT"), env::var_os("TLS_KEY")) {
        (None, None) => Ok(listener),
        (Some(certificate), Some(key)) => {
            let tls = TlsOptions::files(certificate, key).build()?;
            reload_on_hangup(&tls);
            Ok(listener.tls(&tls))
        }
        _ => Err(AddressError::HalfOfTls),
    }
}

#[cfg(unix)]
fn reload_on_hangup(tls: &Tls) {
    use tokio::signal::unix::{SignalKind, signal};
    let tls = tls.clone();
    tokio::spawn(async move {
        let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
        while hangups.recv().await.is_some() {
            match tls.reload() {
                Ok(()) => tracing::info!("the certificate was read anew"),
                Err(error) => tracing::error!("the certificate stays as it was: {error}"),
            }
        }
    });
}

#[cfg(not(unix))]
fn reload_on_hangup(_: &Tls) {}

/// Believes the proxies that `TRUST_PROXIES` names, separated by commas.
pub fn trust_proxies(builder: Builder) -> Builder {
    match env::var("TRUST_PROXIES") {
        Ok(proxies) => builder.trust_proxies(proxies.split(',').map(str::to_owned)),
        Err(_) => builder,
    }
}
