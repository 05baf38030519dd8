//! Messages to compress, and compressed ones as a client might make them up.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [small, large, bytes @ ..] = data else { return };
    phx_runtime::fuzzing::deflate(bytes, usize::from(u16::from_be_bytes([*large, *small])));
});
