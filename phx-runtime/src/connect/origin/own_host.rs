//! Where the endpoint is reached.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::host::{check_host, split_port};

/// Scheme, host and port under which a request reaches the endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
}

/// Under which name browsers reach the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnHost {
    /// Nothing was said: the machine itself, by whatever name.
    Loopback,
    Named(String),
}

impl OwnHost {
    /// A host as browsers write it, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let host = text.trim().to_ascii_lowercase();
        if let Some((_, rest)) = host.split_once("//") {
            let name = rest.split('/').next().unwrap_or_default();
            return Err(format!("it is a name without a scheme: \"{name}\""));
        }
        if host.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self::Named(format!("[{host}]")));
        }
        match split_port(&host) {
            Some((name, None)) => check_host(name).map(|()| Self::Named(name.to_owned())),
            Some((name, Some(_))) => Err(format!("it is a name without a port: \"{name}\"")),
            None => Err("it is a name, such as \"example.com\"".to_owned()),
        }
    }

    /// The name by which the endpoint calls itself.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Loopback => "localhost",
            Self::Named(name) => name,
        }
    }

    pub(super) fn is(&self, host: &str) -> bool {
        match self {
            Self::Named(name) => name == host,
            Self::Loopback => {
                let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
                host == "localhost"
                    || host.ends_with(".localhost")
                    || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
                    || address
                        .and_then(|it| it.parse::<Ipv6Addr>().ok())
                        .is_some_and(|ip| ip.is_loopback())
            }
        }
    }
}
