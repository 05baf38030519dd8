//! How long to wait before connecting again.

use std::time::Duration;

use super::node::NodeId;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

/// Pauses that become longer, of random lengths, so that nodes do not all come at once.
pub(crate) struct Pauses {
    next: Duration,
    random: u64,
}

impl Pauses {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { next: FIRST, random: node.get() }
    }

    /// The connection is there: what is wrong later is something else.
    pub(crate) fn start_over(&mut self) {
        self.next = FIRST;
    }

    /// Half of the next pause to all of it.
    pub(crate) fn next(&mut self) -> Duration {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = u32::try_from(mixed % 1000).unwrap_or(0);
        let pause = self.next;
        self.next = (2 * pause).min(LONGEST);
        pause / 2 + pause / 2000 * part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_become_longer_up_to_a_second_and_start_over() {
        let mut pauses = Pauses::new(NodeId::from_number(7));
        let mut expected = FIRST;
        for _ in 0..8 {
            let pause = pauses.next();
            assert!(expected / 2 <= pause && pause <= expected, "{pause:?}");
            expected = (2 * expected).min(LONGEST);
        }
        assert_eq!(expected, LONGEST);
        pauses.start_over();
        assert!(pauses.next() <= FIRST);
    }
}
