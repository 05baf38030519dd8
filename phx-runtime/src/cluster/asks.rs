//! Questions to other nodes, and their answers.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::oneshot;

use super::node::NodeId;
use crate::message::EncodeError;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub(crate) enum AskError {
    #[error("the node is gone")]
    Down,
    #[error("the node did not answer in time")]
    TimedOut,
    #[error(transparent)]
    TooLarge(#[from] EncodeError),
}

/// The questions that wait for an answer.
#[derive(Default)]
pub(super) struct Asks {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, (NodeId, oneshot::Sender<Bytes>)>>,
}

/// A question for as long as somebody waits for its answer.
pub(super) struct Asked<'a> {
    asks: &'a Asks,
    pub(super) id: u64,
    pub(super) answer: oneshot::Receiver<Bytes>,
}

impl Asks {
    pub(super) fn ask(&self, node: NodeId) -> Asked<'_> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().insert(id, (node, sender));
        Asked { asks: self, id, answer }
    }

    /// The answer of a node; nobody else's counts, since numbers of questions can be guessed.
    pub(super) fn answered(&self, from: NodeId, id: u64, body: Bytes) {
        let mut waiting = self.waiting.lock();
        if waiting.get(&id).is_some_and(|(asked, _)| *asked == from)
            && let Some((_, sender)) = waiting.remove(&id)
        {
            // Whoever asked may have gone.
            let _ = sender.send(body);
        }
    }

    /// A node will answer nothing any more.
    pub(super) fn down(&self, node: NodeId) {
        self.waiting.lock().retain(|_, (asked, _)| *asked != node);
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.asks.waiting.lock().remove(&self.id);
    }
}
