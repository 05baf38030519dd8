//! Messages about the presences of Phoenix nodes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::phoenix::fuzzing::trackers(data));
