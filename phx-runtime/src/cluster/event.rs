//! What happens to a cluster, for those who want to know.

use thiserror::Error;
use tokio::sync::broadcast;

use super::node::Node;

/// Events that may wait for somebody who does not receive.
const CAPACITY: usize = 1024;

/// Something that happened between this node and others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterEvent {
    /// A node is there, for the first time or again.
    Up(Node),
    /// A node has said goodbye, or nothing was heard of it for
    /// [`Cluster::down_after`](super::Cluster::down_after).
    Down(Node),
    /// Messages of a node, to all or to this one, are lost.
    Gap {
        /// Who sent them.
        node: Node,
        /// How many.
        missed: u64,
    },
    /// This node reaches its engine.
    Connected,
    /// This node has lost its engine, and tries to connect again.
    Disconnected,
}

/// Receives what happens to a cluster, until it is dropped; from
/// [`Endpoint::cluster_events`](crate::Endpoint::cluster_events).
///
/// Phoenix counterpart: `:net_kernel.monitor_nodes/1`.
#[derive(Debug)]
pub struct ClusterEvents(Option<broadcast::Receiver<ClusterEvent>>);

/// [`ClusterEvents`] that received too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{missed} events of the cluster were dropped because they were received too slowly")]
pub struct EventsError {
    missed: u64,
}

impl EventsError {
    /// How many events were dropped.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl ClusterEvents {
    /// Those of a node that is alone: there never are any.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Waits for the next event; for ever if there is no cluster.
    ///
    /// # Errors
    ///
    /// 1,024 events may wait. If more come, the oldest are dropped and their number is returned once,
    /// then receiving goes on.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the returned future is dropped before it is ready.
    pub async fn recv(&mut self) -> Result<ClusterEvent, EventsError> {
        let received = match &mut self.0 {
            Some(receiver) => receiver.recv().await,
            None => Err(broadcast::error::RecvError::Closed),
        };
        match received {
            Ok(event) => Ok(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Err(EventsError { missed }),
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Tells all who want to know.
#[derive(Clone, Debug)]
pub(crate) struct EventSender(broadcast::Sender<ClusterEvent>);

impl EventSender {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    pub(crate) fn send(&self, event: ClusterEvent) {
        // It is no error that nobody listens.
        let _ = self.0.send(event);
    }

    pub(crate) fn subscribe(&self) -> ClusterEvents {
        ClusterEvents(Some(self.0.subscribe()))
    }
}
