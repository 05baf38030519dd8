//! Chance that is the same each time.

/// Numbers that follow from a seed: splitmix64.
pub(in crate::presence) struct Dice(u64);

impl Dice {
    pub(in crate::presence) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::presence) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(in crate::presence) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(in crate::presence) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
