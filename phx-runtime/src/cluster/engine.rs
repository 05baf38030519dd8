//! What an endpoint sees of a cluster, whatever carries it.

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    error::{BroadcastToError, ClusterError},
    event::ClusterEvents,
    node::Node,
    nodes::Nodes,
};
use crate::pubsub::{Broadcast, Relay};

/// A cluster that this node belongs to.
///
/// [`Nodes`] is the one over an [`Adapter`](super::Adapter). Another kind is told of every broadcast
/// that is made here by [`Relay::relay`], hands what others broadcast to
/// [`PubSub::publish`](crate::pubsub::PubSub::publish), which reaches the subscribers of this node
/// alone, and does the latter for a disconnect too: it is a broadcast of the event `disconnect` on
/// the connection's id.
pub(crate) trait Engine: Relay {
    /// This node.
    fn node(&self) -> Node;

    /// The other nodes that are there.
    fn nodes(&self) -> Vec<Node>;

    /// What happens from now on.
    fn events(&self) -> ClusterEvents;

    /// Sends a broadcast to one other node alone.
    ///
    /// # Errors
    ///
    /// The node is known not to be there, or the broadcast can never be sent.
    fn relay_to(&self, node: &Node, broadcast: &Broadcast) -> Result<(), BroadcastToError>;

    /// Starts, in the background from then on. Done when this node is heard, or at once if it was
    /// started before.
    fn join(&self) -> BoxFuture<'_, Result<(), ClusterError>>;

    /// Sends what still waits, says goodbye and ends.
    fn leave(&self) -> BoxFuture<'_, ()>;

    /// The nodes to whom messages of the runtime itself can be sent, if they are such.
    fn runtimes(&self) -> Option<&Nodes>;
}

impl Engine for Nodes {
    fn node(&self) -> Node {
        self.this().clone()
    }

    fn nodes(&self) -> Vec<Node> {
        self.others().to_vec()
    }

    fn events(&self) -> ClusterEvents {
        self.events()
    }

    fn relay_to(&self, node: &Node, broadcast: &Broadcast) -> Result<(), BroadcastToError> {
        self.relay_to(node, broadcast)
    }

    fn join(&self) -> BoxFuture<'_, Result<(), ClusterError>> {
        self.join().boxed()
    }

    fn leave(&self) -> BoxFuture<'_, ()> {
        self.leave().boxed()
    }

    fn runtimes(&self) -> Option<&Nodes> {
        Some(self)
    }
}
