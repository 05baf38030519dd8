//! How it went.

use std::fmt;

use crate::sample::Checked;

/// Counts what passed and what failed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Counts a sample, and prints why it failed.
    pub(crate) fn add(&mut self, sample: &str, result: Checked) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                println!("{sample}: {error}");
            }
        }
    }

    /// Whether there were samples, and all passed.
    pub(crate) fn is_good(&self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
