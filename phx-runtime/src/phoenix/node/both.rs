//! A node that has its own kind beside it, over an engine of theirs, and Phoenix nodes.

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    super::pubsub::Target,
    PhoenixNode,
    names::{self, name_of},
};
use crate::{
    cluster::{BroadcastToError, ClusterError, ClusterEvents, Engine, Node, Nodes},
    message::EncodeError,
    pubsub::{Broadcast, Relay},
};

/// Each broadcast goes both ways. Nodes of phx hear each other over their engine alone.
pub(crate) struct BothWays {
    pub(crate) nodes: Nodes,
    pub(crate) phoenix: PhoenixNode,
}

impl BothWays {
    /// Sends a broadcast to Phoenix nodes only if all others can be sent it too.
    fn send(
        &self,
        to: Target,
        broadcast: &Broadcast,
        to_others: impl FnOnce() -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let message = self.phoenix.written(to, broadcast)?;
        to_others()?;
        self.phoenix.publish(message);
        Ok(())
    }
}

impl Relay for BothWays {
    fn relay(&self, broadcast: &Broadcast) -> Result<(), EncodeError> {
        self.send(self.phoenix.everybody(), broadcast, || self.nodes.relay(broadcast))
    }
}

impl Engine for BothWays {
    fn node(&self) -> Node {
        self.nodes.node()
    }

    fn nodes(&self) -> Vec<Node> {
        Engine::nodes(&self.nodes)
    }

    fn events(&self) -> ClusterEvents {
        Engine::events(&self.nodes)
    }

    fn relay_to(&self, node: &Node, broadcast: &Broadcast) -> Result<(), BroadcastToError> {
        let is_phoenix =
            *node == names::node(&name_of(node)) || self.phoenix.nodes().contains(node);
        if !is_phoenix {
            return Engine::relay_to(&self.nodes, node, broadcast);
        }
        self.send(Target::Only(name_of(node)), broadcast, || Ok(()))?;
        Ok(())
    }

    fn join(&self) -> BoxFuture<'_, Result<(), ClusterError>> {
        async {
            Engine::join(&self.nodes).await?;
            self.phoenix.join().await
        }
        .boxed()
    }

    fn leave(&self) -> BoxFuture<'_, ()> {
        async {
            self.phoenix.leave().await;
            Engine::leave(&self.nodes).await;
        }
        .boxed()
    }

    fn runtimes(&self) -> Option<&Nodes> {
        Some(&self.nodes)
    }
}
