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
    /// Whether nothing arrives any more.
    is_deaf: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    /// The code that the server closed with, if it did.
    pub(super) code: Option<CloseCode>,
}

impl Inbox {
    pub(super) fn put(&self, message: Received) {
        let mut state = self.state.lock();
        if !state.is_deaf {
            state.unread.push(message);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Nothing follows. The first to say so is right.
    pub(super) fn close(&self, code: Option<CloseCode>) {
        self.state.lock().closed.get_or_insert(Closed { code });
        self.changed.notify_waiters();
    }

    /// Lets nothing arrive any more.
    pub(super) fn deafen(&self) {
        self.state.lock().is_deaf = true;
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.state.lock().is_deaf
    }

    /// Takes over what is unread in that of an earlier connection.
    pub(super) fn take_over(&self, earlier: &Self) {
        let mut unread = std::mem::take(&mut earlier.state.lock().unread);
        let mut state = self.state.lock();
        unread.append(&mut state.unread);
        state.unread = unread;
    }

    /// Whether something is unread that `wanted` finds.
    pub(super) fn has(&self, wanted: impl Fn(&Received) -> bool) -> bool {
        self.state.lock().unread.iter().any(wanted)
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
    pub(super) async fn closed(&self, patience: Duration) -> Result<Closed, Missing> {
        let until = Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            if let Some(closed) = self.state.lock().closed {
                return Ok(closed);
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                let state = self.state.lock();
                return Err(Missing(format!(
                    "the connection was not closed within {patience:?}{state}"
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

    /// Nodes did not come to see the same.
    pub(super) fn disagreed(
        wanted: &impl fmt::Debug,
        seen: &[impl fmt::Debug],
        patience: Duration,
    ) -> Self {
        Self(format!("not all nodes saw {wanted:?} within {patience:?}; they see {seen:?}"))
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
