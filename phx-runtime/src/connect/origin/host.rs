//! Hosts and ports, as browsers write them.

use std::net::Ipv6Addr;

/// Whether browsers can write this host, which is in lower case.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').and_then(|it| it.parse::<Ipv6Addr>().ok());
        // Browsers shorten an address in one way only.
        return match address.map(|address| format!("[{address}]")) {
            Some(short) if short == host => Ok(()),
            Some(short) => Err(format!("browsers write this address \"{short}\"")),
            None => Err("its brackets hold no IPv6 address".to_owned()),
        };
    }
    match host.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._".contains(*c))) {
        None => Ok(()),
        Some('*') => Err("`*` stands for subdomains only, as in \"//*.example.com\"".to_owned()),
        Some(':') => Err("an IPv6 address has brackets around it".to_owned()),
        Some(odd) if !odd.is_ascii() => {
            Err("browsers write such a name in Punycode, as \"xn--..\"".to_owned())
        }
        Some(odd) => Err(format!("a host cannot contain `{}`", odd.escape_default())),
    }
}

/// Splits `host:port`, with an IPv6 host in brackets.
pub(crate) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            if port.is_empty() {
                return Some((host, None));
            }
            port.bytes().all(|b| b.is_ascii_digit()).then_some((host, Some(port.parse().ok()?)))
        }
        _ => Some((authority, None)),
    }
}

pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}
