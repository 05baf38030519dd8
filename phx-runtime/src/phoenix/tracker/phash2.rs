//! Erlang's `phash2`, the same on every machine and in every release.

/// The golden ratio, and thirteen times it, as Erlang's runtime writes them.
const RATIO: u32 = 0x9e37_79b9;
const RATIO_13: u32 = 0x08d1_2e65;

/// `erlang:phash2` of a binary, before it is brought into a range: the hash of Bob Jenkins, whose
/// three words are mixed with twelve bytes at a time.
pub(super) fn phash2(binary: &[u8]) -> u32 {
    if binary.is_empty() {
        return RATIO_13;
    }
    let mut state = [RATIO, RATIO, RATIO_13];
    let mut chunks = binary.chunks_exact(12);
    for chunk in &mut chunks {
        add(&mut state, chunk, 0);
        mix(&mut state);
    }
    // Longer binaries than these are no topics.
    state[2] = state[2].wrapping_add(u32::try_from(binary.len()).unwrap_or(u32::MAX));
    // The lowest byte of the third word belongs to the length.
    let rest = chunks.remainder();
    let (first, third) = rest.split_at(rest.len().min(8));
    add(&mut state, first, 0);
    add(&mut state, third, 9);
    mix(&mut state);
    state[2]
}

/// Adds bytes to the words, little-endian, from a place on.
fn add(state: &mut [u32; 3], bytes: &[u8], from: usize) {
    for (at, byte) in (from..).zip(bytes) {
        let word = &mut state[at / 4];
        *word = word.wrapping_add(u32::from(*byte) << (at % 4 * 8));
    }
}

fn mix(state: &mut [u32; 3]) {
    let [a, b, c] = state;
    for (first, second, third) in [(13, 8, 13), (12, 16, 5), (3, 10, 15)] {
        *a = a.wrapping_sub(*b).wrapping_sub(*c) ^ (*c >> first);
        *b = b.wrapping_sub(*c).wrapping_sub(*a) ^ (*a << second);
        *c = c.wrapping_sub(*a).wrapping_sub(*b) ^ (*b >> third);
    }
}

#[cfg(test)]
mod tests {
    use super::phash2;

    /// Erlang/OTP 25: `erlang:phash2(Binary, 4294967296)`.
    #[test]
    fn it_is_what_erlang_says() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        for (binary, hash) in [
            (&b""[..], 147_926_629),
            (b"a", 1_589_197_455),
            (b"room:1", 1_231_556_617),
            (b"room:lobby", 225_471_484),
            (b"hello world!", 965_223_795),
            (b"hello world!!", 2_552_201_628),
            ("r\u{e4}ume:\u{20ac}".as_bytes(), 2_706_671_412),
            (&all, 4_163_814_291),
            (b"user_presence:0123456789abcdef", 3_030_716_358),
        ] {
            assert_eq!(phash2(binary), hash, "{binary:?}");
        }
    }
}
