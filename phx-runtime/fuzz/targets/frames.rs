//! A client's stream, cut into reads in any way. The first bytes choose the settings, so that the
//! rest can be kept as it would be on the wire.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [flags, limit, pieces @ .., _] = data.first_chunk::<6>().unwrap_or(&[0; 6]);
    let limit = usize::from(*limit) * if flags & 2 == 0 { 1 } else { 256 };
    let pieces: Vec<_> = pieces.iter().map(|piece| usize::from(*piece)).collect();
    phx_runtime::fuzzing::frames(data.get(6..).unwrap_or(&[]), &pieces, limit, flags & 1 != 0);
});
