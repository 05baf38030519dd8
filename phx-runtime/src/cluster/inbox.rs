//! Where an adapter puts what arrives, until the node has time for it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use super::{adapter_error::AdapterError, address::Address, node::NodeId};
use crate::log;

/// Bytes that may wait. What comes beyond is dropped, which shows in the senders' numbers. An adapter is
/// never made to wait: engines cut off whoever reads too slowly, or hold back those who send.
const LIMIT: usize = 8 * 1024 * 1024;

/// What a payload counts for besides its bytes.
const OVERHEAD: usize = 64;

/// What arrives for one node over one connection. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
}

struct Shared {
    node: NodeId,
    application: Box<str>,
    /// How payloads begin that this node itself sent and has no use for.
    own: Option<Box<[u8]>>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    waiting: AtomicUsize,
    dropping: AtomicBool,
    /// The connection that is listened to. What an earlier one still delivers would come between what
    /// the new one does, and be taken for repeated or lost.
    current: AtomicU64,
}

/// One connection of an adapter.
struct Connection {
    number: u64,
    lost: Mutex<Option<AdapterError>>,
    changed: Notify,
    heard: Notify,
}

/// A payload that arrived.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) on: Address,
    pub(crate) payload: Bytes,
}

/// The other end of an [`Inbox`].
pub(crate) struct Arrivals {
    receiver: mpsc::UnboundedReceiver<Arrival>,
    shared: Arc<Shared>,
}

impl Inbox {
    /// An inbox for a node and its first connection. What begins like `own` is let drop at once: half
    /// of what an engine delivers may be what the node sent itself, and nobody is to be woken for it.
    pub(crate) fn new(node: NodeId, application: &str, own: Option<Vec<u8>>) -> (Self, Arrivals) {
        let (arrivals, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            node,
            application: application.into(),
            own: own.map(Vec::into_boxed_slice),
            arrivals,
            waiting: AtomicUsize::new(0),
            dropping: AtomicBool::new(false),
            current: AtomicU64::new(0),
        });
        let inbox = Self { shared: shared.clone(), connection: Arc::new(Connection::new(0)) };
        (inbox, Arrivals { receiver, shared })
    }

    /// The same for another connection. What comes over earlier ones is dropped from now on.
    pub(crate) fn next_connection(&self) -> Self {
        let number = self.shared.current.fetch_add(1, Ordering::Relaxed) + 1;
        Self { shared: self.shared.clone(), connection: Arc::new(Connection::new(number)) }
    }

    /// The node that listens.
    pub fn node(&self) -> NodeId {
        self.shared.node
    }

    /// The application, which nodes share the engine for; see
    /// [`Cluster::application`](super::Cluster::application).
    pub fn application(&self) -> &str {
        &self.shared.application
    }

    /// Takes a payload that arrived on an address. It never waits: 8 MB may lie here, and what comes
    /// while there is no room is dropped.
    pub fn receive(&self, on: Address, payload: Bytes) {
        let shared = &*self.shared;
        if shared.current.load(Ordering::Relaxed) != self.connection.number {
            return;
        }
        if shared.own.as_ref().is_some_and(|own| payload.starts_with(own)) {
            return;
        }
        let size = payload.len() + OVERHEAD;
        if shared.waiting.fetch_add(size, Ordering::Relaxed) + size > LIMIT {
            shared.waiting.fetch_sub(size, Ordering::Relaxed);
            log::cluster_inbox_full(!shared.dropping.swap(true, Ordering::Relaxed));
            return;
        }
        shared.dropping.store(false, Ordering::Relaxed);
        // A node that has stopped receives nothing more.
        let _ = shared.arrivals.send(Arrival { on, payload });
    }

    /// Tells that the connection has ended, so that the node makes another one.
    pub fn lost(&self, error: AdapterError) {
        self.connection.lost.lock().get_or_insert(error);
        self.connection.changed.notify_one();
    }

    /// Tells that the engine has answered [`Link::probe`](super::Link::probe): this node is heard.
    pub fn heard(&self) {
        self.connection.heard.notify_one();
    }

    /// Waits until [`heard`](Self::heard) was called for this connection.
    pub(crate) async fn until_heard(&self) {
        self.connection.heard.notified().await;
    }

    /// Waits until [`lost`](Self::lost) was called for this connection.
    pub(crate) async fn until_lost(&self) -> AdapterError {
        loop {
            if let Some(error) = self.connection.lost.lock().take() {
                return error;
            }
            self.connection.changed.notified().await;
        }
    }
}

impl Connection {
    fn new(number: u64) -> Self {
        Self { number, lost: Mutex::default(), changed: Notify::new(), heard: Notify::new() }
    }
}

impl Arrivals {
    /// Waits for payloads, and takes up to `limit` of those that are there. Nothing comes any more
    /// if none does.
    pub(crate) async fn recv_many(&mut self, payloads: &mut Vec<Arrival>, limit: usize) {
        let before = payloads.len();
        self.receiver.recv_many(payloads, limit).await;
        let taken = payloads[before..].iter().map(|arrival| arrival.payload.len() + OVERHEAD).sum();
        self.shared.waiting.fetch_sub(taken, Ordering::Relaxed);
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("node", &self.shared.node).finish_non_exhaustive()
    }
}
