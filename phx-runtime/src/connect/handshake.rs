//! The opening handshake over HTTP/1.1 (RFC 6455 section 4.2).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::header::{ALLOW, CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use sha1::{Digest, Sha1};

/// The fixed suffix of RFC 6455 section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What the key decodes to is never used, so bits beyond its 16 bytes, which careless clients
/// leave set, do no harm.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A request that is a valid handshake, and what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accept {
    digest: [u8; 20],
}

impl Accept {
    /// The value of the `sec-websocket-accept` header of the 101 answer.
    pub(crate) fn header_value(&self) -> HeaderValue {
        let encoded = base64::engine::general_purpose::STANDARD.encode(self.digest);
        // Base64 is always a valid header value, so the default is never taken.
        HeaderValue::try_from(encoded).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Why a request is no valid handshake. The text is the body of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// Another method than GET.
    #[error("A WebSocket handshake is a GET request.")]
    Method,
    /// No `connection` header lists `upgrade`.
    #[error("The `connection` header has to list `upgrade`.")]
    Connection,
    /// No `upgrade` header lists `websocket`.
    #[error("The `upgrade` header has to list `websocket`.")]
    Upgrade,
    /// The version is missing or is not 13.
    #[error("The `sec-websocket-version` header has to be 13.")]
    Version,
    /// The key is missing, repeated or malformed.
    #[error("The `sec-websocket-key` header has to be 16 bytes in base64, given once.")]
    Key,
}

impl HandshakeError {
    /// The status of the answer: 400 as in Phoenix, but 405 for another method.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// A header that the answer has to have: the method (RFC 9110 section 15.5.6) or the version
    /// (RFC 6455 section 4.4) that would be right.
    pub(crate) fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Method => Some((ALLOW, HeaderValue::from_static("GET"))),
            Self::Version => Some((SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))),
            _ => None,
        }
    }
}

/// Checks that a request is a WebSocket handshake.
///
/// The HTTP version, the origin and the subprotocol are for others to look at.
///
/// # Errors
///
/// The first part of the handshake that is not as RFC 6455 section 4.2.1 asks.
pub(crate) fn accept(method: &Method, headers: &HeaderMap) -> Result<Accept, HandshakeError> {
    if method != Method::GET {
        return Err(HandshakeError::Method);
    }
    if !lists(headers, &CONNECTION, b"upgrade") {
        return Err(HandshakeError::Connection);
    }
    if !lists(headers, &UPGRADE, b"websocket") {
        return Err(HandshakeError::Upgrade);
    }
    if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(HandshakeError::Version);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).ok_or(HandshakeError::Key)?;
    if !is_key(key.as_bytes()) {
        return Err(HandshakeError::Key);
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    Ok(Accept { digest: digest.into() })
}

/// The same over HTTP/2, where a request has neither the headers of an upgrade nor a key (RFC 8441
/// section 5).
pub(crate) fn accept_extended(headers: &HeaderMap) -> Result<(), HandshakeError> {
    match only(headers, &SEC_WEBSOCKET_VERSION) {
        Some(version) if version == "13" => Ok(()),
        _ => Err(HandshakeError::Version),
    }
}

/// Whether a comma-separated list, in any number of headers, has `token` in any case.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}

/// The value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn is_key(value: &[u8]) -> bool {
    // 24 characters are 18 bytes without padding.
    let mut decoded = [0; 18];
    value.len() == 24 && KEY.decode_slice(value, &mut decoded) == Ok(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The handshake of RFC 6455 section 1.3, as header name and value.
    const RFC: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ];

    fn check(
        headers: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Option<HandshakeError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        accept(&Method::GET, &map).err()
    }

    fn without(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        RFC.into_iter().filter(move |(header, _)| *header != name)
    }

    fn with(name: &'static str, value: &'static str) -> Option<HandshakeError> {
        check(without(name).chain([(name, value)]))
    }

    #[test]
    fn the_rfc_example_is_answered_as_in_the_rfc() {
        let headers = RFC.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let accepted = accept(&Method::GET, &HeaderMap::from_iter(headers)).unwrap();
        assert_eq!(accepted.header_value(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn upgrade_may_be_anywhere_in_connection_and_in_any_case() {
        for value in ["UPGRADE", "keep-alive, Upgrade", "upgrade,keep-alive", "\tupgrade\t, ,x"] {
            assert_eq!(with("connection", value), None, "{value}");
        }
        let two = [("connection", "keep-alive"), ("connection", "Upgrade")];
        assert_eq!(check(without("connection").chain(two)), None);
        assert_eq!(with("upgrade", "WebSocket"), None);
        assert_eq!(with("upgrade", "h2c, websocket"), None);
    }

    #[test]
    fn each_missing_or_wrong_header_is_named() {
        use HandshakeError::{Connection, Key, Upgrade, Version};
        for (name, error, wrong) in [
            ("connection", Connection, &["", "keep-alive", "upgraded", "up grade"][..]),
            ("upgrade", Upgrade, &["", "h2c", "websockets", "websocket/13"]),
            ("sec-websocket-version", Version, &["", "8", "013", "13, 8", "14"]),
            (
                "sec-websocket-key",
                Key,
                &[
                    "",
                    "x",
                    "dGhlIHNhbXBsZSBub25jZQ",
                    "dGhlIHNhbXBsZSBub25jZT0=",
                    "dGhlIHNhbXBsZSBub25j",
                    "dGhlIHNhbXBsZSBub25jZSEh",
                    "dGhlIHNhbXBsZSBub25j\x20\x20==",
                    "dGhlIHNhbXBsZSBub25jZSBsb25nZXI=",
                    "dGhl-HNhbXBsZSBub25jZQ==",
                ],
            ),
        ] {
            assert_eq!(check(without(name)), Some(error));
            assert!(error.to_string().contains(name));
            assert_eq!(error.status(), 400);
            for value in wrong {
                assert_eq!(with(name, value), Some(error), "{name}: {value}");
            }
        }
        for name in ["sec-websocket-key", "sec-websocket-version"] {
            let twice = RFC.into_iter().filter(|(header, _)| *header == name);
            assert!(check(RFC.into_iter().chain(twice)).is_some(), "{name} given twice");
        }
    }

    #[test]
    fn a_key_with_loose_last_bits_is_taken() {
        assert_eq!(with("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAB=="), None);
    }

    #[test]
    fn a_wrong_version_is_told_the_right_one() {
        let (name, value) = HandshakeError::Version.header().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("sec-websocket-version", "13"));
        assert_eq!(HandshakeError::Key.header(), None);
    }

    #[test]
    fn only_get_upgrades() {
        let headers: HeaderMap = RFC
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        assert!(accept(&Method::GET, &headers).is_ok());
        for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::CONNECT] {
            assert_eq!(accept(&method, &headers), Err(HandshakeError::Method));
        }
        assert_eq!(HandshakeError::Method.status(), 405);
        assert_eq!(HandshakeError::Method.header().unwrap(), (ALLOW, "GET".parse().unwrap()));
    }
}
