//! Agreeing on permessage-deflate in the handshake (RFC 7692 sections 5 and 7.1).

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "permessage-deflate";

/// Without context takeover on either side every message stands alone: an idle connection holds no
/// window, and one compressed frame can go to all subscribers. A server may ask for both even if
/// the client did not offer them.
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The same for a client that named the largest window, which then has to be in the answer.
const AGREED_FULL_WINDOW: &str = "permessage-deflate; server_no_context_takeover; \
     client_no_context_takeover; server_max_window_bits=15";

/// Chooses the first offer of permessage-deflate that can be honoured.
///
/// Returns the value of the `sec-websocket-extensions` header of the 101 answer. `None` means that
/// nothing was agreed: the answer has no such header and no message is compressed.
///
/// An offer is passed over if it is malformed, or if it wants our window smaller than 32 KiB: a
/// frame that all subscribers share has one window.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<HeaderValue> {
    headers
        .get_all(SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split(value, ','))
        .find_map(answer)
        .map(HeaderValue::from_static)
}

/// The answer to one offer, if it can be honoured.
fn answer(offer: &str) -> Option<&'static str> {
    let mut parts = split(offer, ';');
    if !parts.next()?.eq_ignore_ascii_case(NAME) {
        return None;
    }
    let mut seen = Vec::new();
    let mut answer = AGREED;
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            (
                "server_no_context_takeover"
                | "client_no_context_takeover"
                | "client_max_window_bits",
                None,
            ) => {}
            // Our side takes any window up to the largest, so a smaller one needs no answer.
            ("client_max_window_bits", Some(bits)) if is_window_bits(bits) => {}
            ("server_max_window_bits", Some("15")) => answer = AGREED_FULL_WINDOW,
            _ => return None,
        }
    }
    Some(answer)
}

/// Splits at a separator that is not inside a quoted string, and trims the parts.
fn split(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
    .map(|part| part.trim_matches([' ', '\t']))
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// 8 to 15, without leading zeros.
fn is_window_bits(value: &str) -> bool {
    matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(offers: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(offer));
        }
        negotiate(&headers).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_offers_of_clients_in_use_are_agreed_to() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate;client_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=\"15\"",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits",
        ] {
            assert_eq!(answer_to(&[offer]).as_deref(), Some(AGREED), "{offer}");
        }
    }

    #[test]
    fn a_window_of_the_largest_size_is_confirmed() {
        let answer = answer_to(&["permessage-deflate; server_max_window_bits=15"]);
        assert_eq!(answer.as_deref(), Some(AGREED_FULL_WINDOW));
    }

    #[test]
    fn an_offer_that_cannot_be_honoured_is_declined() {
        for offer in [
            "",
            "deflate",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=08",
            "permessage-deflate; client_max_window_bits=",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; unknown",
            "permessage-deflate;",
            "other; x=\"a, permessage-deflate\"",
        ] {
            assert_eq!(answer_to(&[offer]), None, "{offer}");
        }
    }

    #[test]
    fn the_next_offer_counts_where_the_first_is_declined() {
        let both = "permessage-deflate; server_max_window_bits=9, permessage-deflate";
        assert_eq!(answer_to(&[both]).as_deref(), Some(AGREED));
        let (first, second) = both.split_once(", ").unwrap();
        assert_eq!(answer_to(&[first, second]).as_deref(), Some(AGREED));
    }
}
