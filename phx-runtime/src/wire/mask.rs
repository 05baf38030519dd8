//! Unmasking of client payloads (RFC 6455 section 5.3).

/// Bytes handled at a time: a multiple of the key's four, and wide enough that the inner loop
/// compiles to vector instructions.
const LANES: usize = 32;

/// XORs `payload` with `key` in place. Masking and unmasking are the same operation.
pub(super) fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let mut lanes = [0; LANES];
    for (lane, byte) in lanes.iter_mut().zip(key.iter().cycle()) {
        *lane = *byte;
    }
    let (chunks, rest) = payload.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for (byte, lane) in chunk.iter_mut().zip(lanes) {
            *byte ^= lane;
        }
    }
    for (byte, lane) in rest.iter_mut().zip(lanes) {
        *byte ^= lane;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_unmasked_as_the_rfc_says() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for len in 0..200_u8 {
            let plain: Vec<u8> = (0..len).collect();
            let mut bytes: Vec<u8> = plain.iter().zip(0..).map(|(b, i)| b ^ key[i % 4]).collect();
            unmask(&mut bytes, key);
            assert_eq!(bytes, plain);
        }
    }
}
