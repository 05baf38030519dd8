//! How a node joins, is heard and leaves, over whichever engine.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use super::{
    error::{ClusterError, ClusterErrorKind},
    standing::Standing,
};
use crate::log;

/// How long sending what still waits and the goodbye may take. Whoever stops a process seldom waits
/// long, and nodes that hear no goodbye find out by the silence.
const LEAVING: Duration = Duration::from_secs(2);

/// What the handles of a node hold of its life. Its tasks end when the last handle is dropped.
pub(crate) struct Lifecycle {
    engine: &'static str,
    required: bool,
    start_timeout: Duration,
    standing: Arc<Standing>,
    stage: watch::Sender<Stage>,
    /// Whether the last task has ended.
    ended: watch::Sender<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    Leaving,
}

/// By what a task knows that it has to end.
pub(crate) struct Ending(watch::Receiver<Stage>);

impl Ending {
    /// Waits until the node is told to leave, or its last handle is dropped.
    pub(crate) async fn begins(&mut self) {
        // An error is the end too.
        let _ = self.0.wait_for(|stage| *stage == Stage::Leaving).await;
    }
}

impl Lifecycle {
    /// `required`: not to be heard in `start_timeout` is an error.
    pub(crate) fn new(
        engine: &'static str,
        required: bool,
        start_timeout: Duration,
        standing: Arc<Standing>,
    ) -> Self {
        let (stage, ended) = (watch::Sender::new(Stage::Waiting), watch::Sender::new(false));
        Self { engine, required, start_timeout, standing, stage, ended }
    }

    pub(crate) fn ending(&self) -> Ending {
        Ending(self.stage.subscribe())
    }

    /// Spawns the task with whose end the node has left.
    pub(crate) fn spawn_last(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        tokio::spawn(async move {
            task.await;
            ended.send_replace(true);
        });
    }

    /// Has the tasks started, which `start` does once, and waits until the node is heard.
    pub(crate) async fn join(&self, start: impl FnOnce() + Send) -> Result<(), ClusterError> {
        if *self.stage.borrow() == Stage::Leaving {
            return Err(ClusterError::new(self.engine, ClusterErrorKind::Left, None));
        }
        self.stage.send_if_modified(|stage| {
            let starts = *stage == Stage::Waiting;
            if starts {
                *stage = Stage::Running;
            }
            starts
        });
        start();
        let Err(reason) = self.standing.until_heard(self.start_timeout).await else {
            return Ok(());
        };
        let error = ClusterError::new(self.engine, ClusterErrorKind::Unreachable, reason);
        if self.required {
            self.stage.send_replace(Stage::Leaving);
            return Err(error);
        }
        log::cluster_starts_alone(&error);
        Ok(())
    }

    pub(crate) async fn leave(&self) {
        let before = self.stage.send_replace(Stage::Leaving);
        if before == Stage::Waiting {
            return;
        }
        let mut ended = self.ended.subscribe();
        if timeout(LEAVING, ended.wait_for(|ended| *ended)).await.is_err() {
            log::cluster_left_too_slowly(self.engine);
        }
    }
}
