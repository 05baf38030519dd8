//! What a client has received and its test has not looked at yet.

use std::{fmt, time::Duration};

use parking_lot::Mutex;
use thiserror::Error;
use tokio::{sync::Notify, time::Instant};

use super::message::{Received, Sent, Whole};
use crate::wire::CloseCode;

/// How long a test waits for what has to come. Nothing of it is spent if it comes.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What a test waited for did not come, or came although it should not. Its text says what was
/// wanted and what the client got instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Missing(String);

#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    unread: Vec<Received>,
    closed: Option<Closed>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    /// The code that the server closed with, if it did.
    pub(super) code: Option<CloseCode>,
}

impl Inbox {
    pub(super) fn put(&self, message: Received) {
        self.state.lock().unread.push(message);
        self.changed.notify_waiters();
    }

    /// Nothing follows. The first to say so is right.
    pub(super) fn close(&self, code: Option<CloseCode>) {
        self.state.lock().closed.get_or_insert(Closed { code });
        self.changed.notify_waiters();
    }

    /// Takes out the oldest message that `wanted` makes something of; others stay.
    pub(super) async fn take<T>(
        &self,
        what: impl fmt::Display,
        patience: Duration,
        mut wanted: impl FnMut(&Received) -> Option<T>,
    ) -> Result<T, Missing> {
        let until = Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state.lock();
                let found = state
                    .unread
                    .iter()
                    .enumerate()
                    .find_map(|(index, message)| Some((index, wanted(message)?)));
                if let Some((index, found)) = found {
                    state.unread.remove(index);
                    return Ok(found);
                }
                if state.closed.is_some() {
                    return Err(Missing(format!(
                        "{what} did not come, and the connection is closed{state}"
                    )));
                }
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                let state = self.state.lock();
                return Err(Missing(format!("{what} did not come within {patience:?}{state}")));
            }
        }
    }

    /// Waits for the end of the connection.
    pub(super) async fn closed(&self) -> Result<Closed, Missing> {
        let until = Instant::now() + PATIENCE;
        loop {
            let changed = self.changed.notified();
            if let Some(closed) = self.state.lock().closed {
                return Ok(closed);
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                let state = self.state.lock();
                return Err(Missing(format!(
                    "the connection was not closed within {PATIENCE:?}{state}"
                )));
            }
        }
    }
}

impl Missing {
    /// Another reply came than was wanted.
    pub(super) fn instead(wanted: &str, came: impl fmt::Display) -> Self {
        Self(format!("{wanted} did not come; the reply is: {came}"))
    }

    pub(super) fn unwanted(what: impl fmt::Display) -> Self {
        Self(format!("{what} came"))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unread.is_empty() {
            return f.write_str("; nothing else is waiting");
        }
        f.write_str("; waiting are:")?;
        for Received { topic, body, .. } in &self.unread {
            match body {
                Sent::Push { event, payload } => {
                    write!(f, "\n  {event:?} {}", Whole(payload))?;
                }
                Sent::Reply { status, response } => {
                    write!(f, "\n  reply {status} {}", Whole(response))?;
                }
            }
            write!(f, " on {topic:?}")?;
        }
        Ok(())
    }
}
