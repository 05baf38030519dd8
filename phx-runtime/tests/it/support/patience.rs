//! Waiting for what others do in their own time.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// How long they may take, on the slowest of machines.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The same as the future's, unless it takes too long.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

/// Waits until something is so.
pub(crate) async fn eventually(mut is_so: impl FnMut() -> bool) {
    soon(async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
