//! A few bytes that differ if two sets of entries do.

/// Which entries there are, and when each was changed last. An entry's content is not part of it: at
/// one version it has only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest(pub(super) u64);

impl Digest {
    pub(super) fn add(&mut self, number: u64, version: u64) {
        self.0 = self.0.wrapping_add(mixed(number, version));
    }

    pub(super) fn take(&mut self, number: u64, version: u64) {
        self.0 = self.0.wrapping_sub(mixed(number, version));
    }
}

/// The finisher of splitmix64, twice: every bit of what goes in changes half of those that come out.
fn mixed(number: u64, version: u64) -> u64 {
    let finish = |mut bits: u64| {
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    finish(finish(number.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ version)
}
