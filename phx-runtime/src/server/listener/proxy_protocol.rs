//! The PROXY protocol, versions 1 and 2: who the client of a load balancer is.
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>

use std::{io, net::SocketAddr};

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest header of version 1, with its line end.
const V1: usize = 107;

/// The shortest of version 1, `PROXY UNKNOWN` and a line end: shorter than any of version 2.
const SHORTEST: usize = 15;

/// The part of version 2 that tells how long the rest is.
const V2_FIXED: usize = 16;

/// How much may follow it: far more than balancers send, with all their extensions.
const V2_REST: usize = 4096;

/// Whom a connection is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Client {
    /// A client of the balancer.
    At(SocketAddr),
    /// The balancer itself, which looks whether the server lives, or somebody without an address.
    Unknown,
}

/// Reads the header, and nothing that follows it.
///
/// # Errors
///
/// The stream ends, or has no valid header.
pub(in crate::server) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Client> {
    let mut header = vec![0; SHORTEST];
    stream.read_exact(&mut header).await?;
    if header.starts_with(&v2::PROTOCOL_PREFIX[..12]) {
        header.push(stream.read_u8().await?);
        let rest = usize::from(u16::from_be_bytes([header[V2_FIXED - 2], header[V2_FIXED - 1]]));
        if rest > V2_REST {
            return Err(invalid("a header of version 2 that is too long"));
        }
        header.resize(V2_FIXED + rest, 0);
        stream.read_exact(&mut header[V2_FIXED..]).await?;
    } else if header.starts_with(v1::PROTOCOL_PREFIX.as_bytes()) {
        // What follows belongs to somebody else, so it comes byte by byte.
        while !header.ends_with(b"\n") {
            if header.len() == V1 {
                return Err(invalid("a header of version 1 without end"));
            }
            header.push(stream.read_u8().await?);
        }
    } else {
        return Err(invalid("no header of the PROXY protocol"));
    }
    client(&header)
}

fn client(header: &[u8]) -> io::Result<Client> {
    match HeaderResult::parse(header) {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(it) => at(it.source_address, it.source_port),
            v1::Addresses::Tcp6(it) => at(it.source_address, it.source_port),
            v1::Addresses::Unknown => Client::Unknown,
        }),
        HeaderResult::V2(Ok(header)) if header.command == v2::Command::Local => Ok(Client::Unknown),
        HeaderResult::V2(Ok(header)) => Ok(match header.addresses {
            v2::Addresses::IPv4(it) => at(it.source_address, it.source_port),
            v2::Addresses::IPv6(it) => at(it.source_address, it.source_port),
            v2::Addresses::Unspecified | v2::Addresses::Unix(_) => Client::Unknown,
        }),
        HeaderResult::V1(Err(error)) => Err(invalid(&error.to_string())),
        HeaderResult::V2(Err(error)) => Err(invalid(&error.to_string())),
    }
}

fn at(address: impl Into<std::net::IpAddr>, port: u16) -> Client {
    Client::At(SocketAddr::new(address.into(), port))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::{Client, read};

    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

    /// Whom a header names, and what is left behind it.
    fn reading(bytes: &[u8]) -> (Option<Client>, usize) {
        let mut stream = bytes;
        let client = read(&mut stream).now_or_never().unwrap().ok();
        (client, stream.len())
    }

    fn at(address: &str) -> Client {
        Client::At(address.parse().unwrap())
    }

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [V2, &[command, family], &length, rest, b"GET"].concat()
    }

    #[test]
    fn both_versions_name_the_client_and_take_nothing_of_what_follows() {
        for (header, client) in [
            ("PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n", Some(at("203.0.113.9:4711"))),
            ("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n", Some(at("[2001:db8::1]:4711"))),
            ("PROXY UNKNOWN\r\n", Some(Client::Unknown)),
            ("PROXY UNKNOWN ff:: ff:: 1 2\r\n", Some(Client::Unknown)),
        ] {
            assert_eq!(reading(format!("{header}GET").as_bytes()), (client, 3), "{header}");
        }
        let v4 = [203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 1, 187];
        assert_eq!(reading(&v2(0x21, 0x11, &v4)), (Some(at("203.0.113.9:4711")), 3));
        // With an extension behind the addresses.
        let extended = [&v4[..], &[4, 0, 1, 0]].concat();
        assert_eq!(reading(&v2(0x21, 0x11, &extended)), (Some(at("203.0.113.9:4711")), 3));
        let v6 = [&[0x20, 1, 0xd, 0xb8], &[0; 11][..], &[1], &[0; 16], &[0x12, 0x67, 1, 187]];
        assert_eq!(reading(&v2(0x21, 0x21, &v6.concat())), (Some(at("[2001:db8::1]:4711")), 3));
        assert_eq!(reading(&v2(0x20, 0, &[])), (Some(Client::Unknown), 3));
    }

    #[test]
    fn what_is_no_header_is_refused_after_as_little_as_tells() {
        let endless = format!("PROXY TCP4 {}", "1".repeat(200));
        let long = [V2, &[0x21, 0x11, 0xff, 0xff], &vec![0; 70_000][..]].concat();
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"PROXY TCP4 1.2.3.4 5.6.7.8 99999 1\r\n",
            b"PROXY TCP5 1.2.3.4 5.6.7.8 1 1\r\n....",
            b"PROXY",
            b"",
            endless.as_bytes(),
            &long,
            &v2(0x31, 0x11, &[0; 12]),
            &v2(0x21, 0x11, &[0; 3]),
        ] {
            let (client, left) = reading(bytes);
            assert_eq!(client, None, "{bytes:?}");
            assert!(bytes.len() - left <= 107, "{}", bytes.len() - left);
        }
    }
}
