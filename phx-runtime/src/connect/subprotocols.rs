//! Which subprotocol a WebSocket speaks (RFC 6455 section 1.9).

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use thiserror::Error;

use super::{auth_token, offered::entries};

/// The name that Phoenix clients offer beside their token.
const PHOENIX: &str = "phoenix";

/// The client offers subprotocols, and the server accepts none of them.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("no subprotocol in common: the client offers {offered:?}, the server accepts {accepted:?}")]
pub(crate) struct NoCommonSubprotocol {
    /// As the log may show it: without tokens.
    pub(crate) offered: String,
    pub(crate) accepted: String,
}

/// The subprotocols that a mount accepts, as it checks them.
///
/// Where tokens travel as a subprotocol, clients have to offer another one beside it, since a
/// browser closes the connection if the server answers none: that one is accepted as well.
pub(crate) fn accepted(
    configured: Option<&[Cow<'static, str>]>,
    auth_token: bool,
) -> Option<Vec<HeaderValue>> {
    let phoenix = auth_token.then_some(PHOENIX);
    if phoenix.is_none() && configured.is_none() {
        return None;
    }
    let configured = configured.unwrap_or_default().iter().map(|name| &**name);
    // Names were checked when the endpoint was built.
    Some(phoenix.into_iter().chain(configured).filter_map(|name| name.parse().ok()).collect())
}

/// Whether `name` can be offered in the header: a token of RFC 9110 section 5.6.2.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}

/// The subprotocol to answer: the first of the server's list that the client offers. None where the
/// server has no list, or the client offers nothing.
pub(crate) fn choose<'a>(
    headers: &HeaderMap,
    accepted: Option<&'a [HeaderValue]>,
) -> Result<Option<&'a HeaderValue>, NoCommonSubprotocol> {
    let (Some(accepted), Some(offered)) = (accepted, headers.get(SEC_WEBSOCKET_PROTOCOL)) else {
        return Ok(None);
    };
    let is_offered = |name: &&HeaderValue| entries(offered).any(|entry| **name == *entry);
    accepted.iter().find(is_offered).map(Some).ok_or_else(|| NoCommonSubprotocol {
        offered: shown(entries(offered).map(auth_token::without_token)),
        accepted: shown(accepted.iter().map(|name| name.as_bytes().into())),
    })
}

/// The subprotocol that the client offers in the first place, whatever it is: for one that
/// does not stay.
pub(crate) fn first_offered(headers: &HeaderMap) -> Option<HeaderValue> {
    let first = entries(headers.get(SEC_WEBSOCKET_PROTOCOL)?).next()?;
    let is_one = std::str::from_utf8(first).is_ok_and(is_name);
    HeaderValue::from_bytes(first).ok().filter(|_| is_one)
}

fn shown<'a>(names: impl Iterator<Item = Cow<'a, [u8]>>) -> String {
    let names: Vec<_> = names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let line = |line: &&'static str| (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
        lines.iter().map(line).collect()
    }

    fn chosen(lines: &[&'static str], server: &[&'static str], auth_token: bool) -> Option<String> {
        let server: Vec<_> = server.iter().map(|name| (*name).into()).collect();
        let accepted = accepted(Some(&server), auth_token);
        let chosen = choose(&headers(lines), accepted.as_deref()).ok()?;
        Some(chosen.map_or_else(String::new, |name| name.to_str().unwrap().to_owned()))
    }

    #[test]
    fn the_servers_order_decides() {
        let server = &["foo", "bar"];
        for (offered, answer) in [
            (&["foo"][..], Some("foo")),
            (&["bar, foo"], Some("foo")),
            (&["baz,bar"], Some("bar")),
            (&["baz , \tbar "], Some("bar")),
            (&[], Some("")),
            (&["baz"], None),
            (&["FOO"], None),
            (&["fo"], None),
            (&[""], None),
            (&["baz", "foo"], None),
        ] {
            assert_eq!(chosen(offered, server, false).as_deref(), answer, "{offered:?}");
        }
    }

    #[test]
    fn without_a_list_nothing_is_checked_and_nothing_is_answered() {
        assert_eq!(accepted(None, false), None);
        assert_eq!(choose(&headers(&["foo"]), None), Ok(None));
    }

    #[test]
    fn an_empty_list_accepts_nothing_that_is_offered() {
        assert_eq!(chosen(&["foo"], &[], false), None);
        assert_eq!(chosen(&[], &[], false).as_deref(), Some(""));
    }

    #[test]
    fn beside_a_token_phoenix_is_preferred() {
        assert_eq!(chosen(&["foo, phoenix"], &["foo"], true).as_deref(), Some("phoenix"));
        assert_eq!(chosen(&["foo"], &["foo"], true).as_deref(), Some("foo"));
        assert_eq!(chosen(&["foo"], &[], true), None);
        let accepted = accepted(None, true);
        assert!(choose(&headers(&["phoenix"]), accepted.as_deref()).unwrap().is_some());
        assert!(choose(&headers(&["foo"]), accepted.as_deref()).is_err());
    }

    #[test]
    fn the_error_names_both_lists_and_no_token() {
        let accepted = accepted(Some(&["foo".into(), "bar".into()]), false);
        let headers = headers(&["baz, base64url.bearer.phx.c2VjcmV0"]);
        let error = choose(&headers, accepted.as_deref()).unwrap_err();
        assert_eq!(error.offered, "baz, base64url.bearer.phx.[FILTERED]");
        assert_eq!(error.accepted, "foo, bar");
    }

    #[test]
    fn names_are_tokens() {
        assert!(is_name("graphql-ws.v1"));
        for bad in ["", "a b", "a,b", "ä", "a\n"] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
