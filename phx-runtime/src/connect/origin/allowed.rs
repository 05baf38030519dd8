//! An entry of a list of origins that may connect.

use std::fmt;

use super::{
    host::{check_host, default_port, split_port},
    page::Parts,
};

/// An entry of a list, as browsers write it.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    scheme: Option<String>,
    /// Whether the host stands for its subdomains too.
    wild: bool,
    host: String,
    port: Option<u16>,
}

impl Allowed {
    /// Capitals, blanks around and a `/` at the end mean nothing, as in an address bar.
    pub(super) fn parse(entry: &str) -> Result<Self, NoOrigin> {
        let refused =
            |problem: &str| NoOrigin { entry: entry.to_owned(), problem: problem.to_owned() };
        let text = entry.trim().to_ascii_lowercase();
        let (scheme, authority) = text.split_once("//").unwrap_or(("", &text));
        let scheme = match scheme.strip_suffix(':') {
            Some("") => return Err(refused("it begins with the scheme, as in \"https://\"")),
            None if !scheme.is_empty() => return Err(refused("there is no `:` after its scheme")),
            scheme => scheme,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if text == "null" {
            return Err(refused(
                "only a rule made with `CheckOrigin::with` sees pages without a host",
            ));
        }
        if authority == "*" {
            return Err(refused("every origin is `CheckOrigin::ANY`"));
        }
        if authority.contains('/') {
            return Err(refused("an origin has no path"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| refused("its port is no number"))?;
        let wild = host.strip_prefix("*.");
        check_host(wild.unwrap_or(host)).map_err(|problem| refused(&problem))?;
        Ok(Self {
            scheme: scheme.map(str::to_owned),
            wild: wild.is_some(),
            host: wild.unwrap_or(host).to_owned(),
            port: port.or_else(|| scheme.and_then(default_port)),
        })
    }

    pub(super) fn admits(&self, origin: &Parts<'_>) -> bool {
        let host = match origin.host.strip_suffix(&*self.host) {
            Some("") => true,
            Some(sub) => self.wild && sub.ends_with('.'),
            None => false,
        };
        host && self.scheme.as_ref().is_none_or(|scheme| scheme == origin.scheme)
            && self.port.is_none_or(|port| Some(port) == origin.port_or_default())
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.as_deref();
        if let Some(scheme) = scheme {
            write!(f, "{scheme}:")?;
        }
        write!(f, "//{}{}", if self.wild { "*." } else { "" }, self.host)?;
        match self.port {
            Some(port) if scheme.and_then(default_port) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

/// An entry of a list that no page can have as its origin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoOrigin {
    pub(crate) entry: String,
    pub(crate) problem: String,
}
