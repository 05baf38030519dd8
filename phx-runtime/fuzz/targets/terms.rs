//! Terms of Erlang, and JSON to make terms of.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::phoenix::fuzzing::terms(data));
