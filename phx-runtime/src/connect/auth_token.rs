//! The token that a client sends outside of the URL, where no log of a proxy shows it.
//!
//! Browsers cannot set headers of a WebSocket handshake, except for the subprotocols that they
//! offer. So the token travels as one of them, and is taken out before the others are looked at.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderName, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};

use super::offered::entries;

/// What the subprotocol with the token begins with; the rest is the token in base64.
const PREFIX: &[u8] = b"base64url.bearer.phx.";

/// The long-poll header that has the token as it is.
const HEADER: HeaderName = HeaderName::from_static("x-phoenix-authtoken");

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Takes the token out of the offered subprotocols. None if none or several are offered, or if it
/// is not text in base64: what that means is for the application to decide.
pub(crate) fn take_from_subprotocols(headers: &mut HeaderMap) -> Option<String> {
    let line = headers.get(SEC_WEBSOCKET_PROTOCOL)?;
    let (tokens, others): (Vec<_>, Vec<_>) =
        entries(line).partition(|entry| entry.starts_with(PREFIX));
    if tokens.is_empty() {
        return None;
    }
    let token = match tokens[..] {
        [token] => decode(&token[PREFIX.len()..]),
        _ => None,
    };
    // Parts of a valid value make a valid value.
    match HeaderValue::from_bytes(&others.join(&b", "[..])) {
        Ok(rest) if !others.is_empty() => {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, rest);
        }
        _ => {
            headers.remove(SEC_WEBSOCKET_PROTOCOL);
        }
    }
    token
}

/// Takes the token out of the header that long-polling clients send it in.
pub(crate) fn take_from_header(headers: &mut HeaderMap) -> Option<String> {
    let several = headers.get_all(&HEADER).iter().nth(1).is_some();
    let token = headers.remove(&HEADER).filter(|_| !several)?;
    String::from_utf8(token.as_bytes().to_vec()).ok()
}

/// Whether a client sent a token in the one way or the other.
pub(crate) fn is_sent(headers: &HeaderMap) -> bool {
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL);
    headers.contains_key(&HEADER)
        || offered.is_some_and(|line| entries(line).any(|entry| entry.starts_with(PREFIX)))
}

/// An offered subprotocol as the log may show it.
pub(super) fn without_token(entry: &[u8]) -> Cow<'_, [u8]> {
    if entry.starts_with(PREFIX) { [PREFIX, b"[FILTERED]"].concat().into() } else { entry.into() }
}

/// Clients write either alphabet: the stock one says base64url and means the standard alphabet.
fn decode(base64: &[u8]) -> Option<String> {
    let url_safe: Vec<_> = base64
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    String::from_utf8(BASE64.decode(url_safe).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(line: &'static str) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
        let token = take_from_subprotocols(&mut headers);
        let rest = headers.remove(SEC_WEBSOCKET_PROTOCOL);
        (token, rest.map(|rest| rest.to_str().unwrap().to_owned()))
    }

    #[test]
    fn both_alphabets_are_taken_with_and_without_padding() {
        for (offered, token) in [
            ("phoenix, base64url.bearer.phx.c2VjcmV0LXRva2VuLTE", Some("secret-token-1")),
            ("base64url.bearer.phx.c2VjcmV0LXRva2VuLTE, phoenix", Some("secret-token-1")),
            ("phoenix,base64url.bearer.phx.fn5-Pz8_", Some("~~~???")),
            ("phoenix, base64url.bearer.phx.fn5+Pz8/", Some("~~~???")),
            ("phoenix, base64url.bearer.phx.YQ==", Some("a")),
            ("phoenix, base64url.bearer.phx.YQ", Some("a")),
            ("phoenix, base64url.bearer.phx.w7w", Some("ü")),
            ("phoenix, base64url.bearer.phx.", Some("")),
            // Not base64, and base64 of what is not UTF-8.
            ("phoenix, base64url.bearer.phx.!!!!", None),
            ("phoenix, base64url.bearer.phx.+//+fn4", None),
            ("phoenix, base64url.bearer.phx.YQ, base64url.bearer.phx.YQ", None),
            ("phoenix", None),
        ] {
            assert_eq!(take(offered), (token.map(Into::into), Some("phoenix".into())), "{offered}");
        }
    }

    #[test]
    fn a_token_alone_leaves_no_subprotocols_behind() {
        assert_eq!(take("base64url.bearer.phx.YQ"), (Some("a".into()), None));
        assert_eq!(take("b, base64url.bearer.phx.YQ, a").1.as_deref(), Some("b, a"));
    }

    #[test]
    fn an_empty_header_stays_one() {
        assert_eq!(take(""), (None, Some(String::new())));
    }

    #[test]
    fn on_long_poll_the_header_has_the_token_itself() {
        let header = |values: &[&'static str]| {
            let value = |value: &&'static str| (HEADER, HeaderValue::from_static(value));
            let mut headers: HeaderMap = values.iter().map(value).collect();
            (take_from_header(&mut headers), headers.len())
        };
        assert_eq!(header(&["a+b="]), (Some("a+b=".into()), 0));
        assert_eq!(header(&[""]), (Some(String::new()), 0));
        assert_eq!(header(&["a", "b"]), (None, 0));
        assert_eq!(header(&[]), (None, 0));
    }
}
