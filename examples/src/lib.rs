//! What the example programs share.

mod cluster;

pub use self::cluster::with_environment;

use std::{
    env,
    net::{AddrParseError, IpAddr, Ipv4Addr, SocketAddr},
    num::ParseIntError,
};

use thiserror::Error;

/// `HOST` or `PORT` cannot be understood.
#[derive(Debug, Error)]
pub enum AddressError {
    /// `HOST` is no IP address.
    #[error("HOST must be an IP address such as 127.0.0.1 or 0.0.0.0")]
    Host(#[from] AddrParseError),
    /// `PORT` is no port number.
    #[error("PORT must be a number from 0 to 65535; 0 picks a free port")]
    Port(#[from] ParseIntError),
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
