//! Where another server's socket is mounted.

use std::{fmt, io};

/// `http://HOST:PORT/socket?token=secret`, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Host and port.
    pub host: String,
    mount: String,
    /// Parameters for connecting, each with its `&`.
    params: String,
}

impl Url {
    pub fn new(host: String, mount: &str) -> Self {
        Self { host, mount: mount.to_owned(), params: String::new() }
    }

    /// Takes what a stock client takes, except TLS, and the WebSocket's own address too.
    pub fn parse(text: &str) -> io::Result<Self> {
        let rest = ["http://", "ws://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| io::Error::other(format!("not http:// or ws://: {text}")))?;
        let (rest, params) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, mount) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mount = mount.trim_end_matches('/');
        let port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Ok(Self {
            host: if port { host.to_owned() } else { format!("{host}:80") },
            mount: mount.strip_suffix("/websocket").unwrap_or(mount).to_owned(),
            params: if params.is_empty() { String::new() } else { format!("&{params}") },
        })
    }

    /// The path of one of the transports, for protocol version 2.
    pub fn path(&self, transport: &str) -> String {
        format!("{}/{transport}?vsn=2.0.0{}", self.mount, self.params)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.host, self.mount)
    }
}
