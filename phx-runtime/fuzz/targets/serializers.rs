//! Messages of all protocol versions.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| phx_runtime::fuzzing::serializers(data));
