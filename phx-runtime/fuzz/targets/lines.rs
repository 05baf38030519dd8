//! A stream of lines, cut into writes in any way: a transport from outside, as the examples have it. The
//! first bytes choose the cuts, so that the rest can be kept as it would be on the wire.

#![no_main]

#[path = "../../../examples/transports/tests/it/any_bytes.rs"]
#[allow(dead_code, reason = "the other target calls the rest")]
mod any_bytes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let pieces: Vec<_> = data.iter().take(4).map(|piece| usize::from(*piece)).collect();
    any_bytes::stream_of_lines(data.get(4..).unwrap_or(&[]), &pieces);
});
