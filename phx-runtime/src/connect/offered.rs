//! The subprotocols that a client offers.
//!
//! Only the first `Sec-WebSocket-Protocol` line counts, as in Phoenix.

use http::HeaderValue;

/// The entries of a `Sec-WebSocket-Protocol` line.
pub(super) fn entries(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}
