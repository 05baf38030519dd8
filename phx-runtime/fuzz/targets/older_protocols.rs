//! Messages of the protocols before version 2.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::fuzzing::older_protocols(data));
