//! Payloads of other nodes, as an engine may deliver them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::cluster::fuzzing::payloads(data));
