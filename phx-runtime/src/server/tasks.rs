//! Tasks of the application that live as long as its server.

use std::{any::Any, fmt};

use futures_util::FutureExt;
use tokio::task::JoinSet;

use super::drain::GRACE;
use crate::{
    endpoint::{Endpoint, Task},
    log,
    message::Fault,
};

/// Tasks that run.
#[derive(Default)]
pub(super) struct Tasks(JoinSet<Result<(), Box<dyn Any + Send>>>);

impl Tasks {
    pub(super) fn start(endpoint: &Endpoint, tasks: Vec<Task>) -> Self {
        let mut running = JoinSet::new();
        for task in tasks {
            let task = task(endpoint.clone());
            running.spawn(std::panic::AssertUnwindSafe(task).catch_unwind().map(|ended| {
                if let Err(panic) = &ended {
                    log::task_panicked(&Fault::from_panic(&**panic));
                }
                ended
            }));
        }
        Self(running)
    }

    /// Waits a little for those that end by themselves, and ends the others.
    pub(super) async fn end(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            log::tasks_cut_off(self.0.len());
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tasks").field(&self.0.len()).finish()
    }
}
