//! Session cookies of Plug, and its CSRF tokens.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::phoenix::fuzzing::cookies(data));
