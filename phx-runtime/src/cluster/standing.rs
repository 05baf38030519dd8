//! How it stands between a node and its engine.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use super::adapter_error::AdapterError;

/// What the handles of a node and its tasks know of the connection.
pub(crate) struct Standing {
    state: watch::Sender<State>,
    /// How often what this node said to itself came back.
    echoes: watch::Sender<u64>,
}

#[derive(Clone, Debug)]
enum State {
    /// The first connection is being made; what was wrong with it last.
    Starting(Option<Arc<AdapterError>>),
    /// This node is heard.
    Up,
    Down,
}

impl Standing {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::Starting(None)), echoes: watch::Sender::new(0) }
    }

    /// What this node said to itself has come back.
    pub(crate) fn echo(&self) {
        self.echoes.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Changes with every echo from now on.
    pub(super) fn echoes(&self) -> watch::Receiver<u64> {
        self.echoes.subscribe()
    }

    /// The node is heard. Whether that is news.
    pub(super) fn is_up(&self) -> bool {
        self.state.send_if_modified(|state| {
            let is_news = !matches!(state, State::Up);
            *state = State::Up;
            is_news
        })
    }

    /// There is no connection. Whether there was one.
    pub(super) fn is_down(&self, error: &Arc<AdapterError>) -> bool {
        let mut was_up = false;
        self.state.send_modify(|state| {
            was_up = matches!(state, State::Up);
            *state = match state {
                State::Starting(_) => State::Starting(Some(error.clone())),
                State::Up | State::Down => State::Down,
            };
        });
        was_up
    }

    /// Waits until the node has been heard, so long at most.
    ///
    /// # Errors
    ///
    /// It has not; what was wrong last.
    pub(super) async fn until_heard(&self, limit: Duration) -> Result<(), Option<AdapterError>> {
        let mut state = self.state.subscribe();
        let heard = state.wait_for(|state| !matches!(state, State::Starting(_)));
        if let Ok(Ok(_)) = timeout(limit, heard).await {
            return Ok(());
        }
        match &*self.state.borrow() {
            State::Starting(Some(reason)) => Err(Some(AdapterError::new(reason.to_string()))),
            _ => Err(None),
        }
    }
}
