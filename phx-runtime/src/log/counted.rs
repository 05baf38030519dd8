//! What is counted beside lines, or instead of them.

/// A counter by its name. Its label `reason` says why.
pub(super) struct Counted(pub(super) &'static str);

impl Counted {
    pub(super) fn count(&self, reason: &'static str, times: usize) {
        metrics::counter!(self.0, "reason" => reason).increment(times as u64);
    }
}

pub(super) fn add(counter: &'static str, times: usize) {
    metrics::counter!(counter).increment(times as u64);
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many of anything")]
pub(super) fn gauge(name: &'static str, value: usize) {
    metrics::gauge!(name).set(value as f64);
}
