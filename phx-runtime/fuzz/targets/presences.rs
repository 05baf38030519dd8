//! Messages about the presences of other nodes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::presence::fuzzing::messages(data));
