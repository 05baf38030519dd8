//! Tokens of Phoenix, and what may be inside of them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::phoenix::fuzzing::tokens(data));
