//! Where a subscriber sits.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Where a subscriber sits in the list of its topic, kept up to date under the topic's lock so that
/// leaving does not search.
#[derive(Debug)]
pub(crate) struct Place(AtomicUsize);

pub(super) const NOWHERE: usize = usize::MAX;

impl Default for Place {
    fn default() -> Self {
        Self(AtomicUsize::new(NOWHERE))
    }
}

impl Place {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, index: usize) {
        self.0.store(index, Ordering::Relaxed);
    }
}
