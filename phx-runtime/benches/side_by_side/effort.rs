//! How much a run measures.

use std::time::Duration;

use serde::Serialize;

/// How thorough a run is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Effort {
    /// How often each measurement is made, in turn with what it is compared to; the median counts.
    pub rounds: usize,
    /// For how long, where the load goes on.
    pub time: Duration,
    /// Connections for what is said about many.
    pub many: usize,
}

impl Effort {
    /// Rounds of what takes long.
    pub fn few_rounds(self) -> usize {
        self.rounds.min(3)
    }
}
