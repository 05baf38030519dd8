//! What an endpoint does together with other nodes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;

use super::handle::Endpoint;
use crate::{
    cluster::{
        Answer, BroadcastToError, ClusterError, ClusterEvent, ClusterEvents, Engine, Node, NodeId,
        Nodes, Port, Service, Unanswered,
    },
    log,
    message::{ToPayload, TopicName},
    pubsub::{Broadcast, Pace, PubSub, Relay},
};

/// How long other nodes may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

impl Endpoint {
    /// The other nodes, if they are such that messages of the runtime itself can be sent to.
    pub(crate) fn runtimes(&self) -> Option<&Nodes> {
        self.0.cluster.as_ref()?.runtimes()
    }

    /// Broadcasts an event to everyone on this node who joined a topic.
    ///
    /// Phoenix counterpart: `Endpoint.local_broadcast/3`.
    pub fn broadcast_local(
        &self,
        topic: impl TopicName,
        event: impl AsRef<str>,
        payload: impl ToPayload,
    ) {
        let (topic, event) = (topic.into(), event.as_ref());
        let made = payload
            .to_payload()
            .and_then(|payload| Broadcast::new(topic.clone(), event, &payload, None));
        match made {
            Ok(broadcast) => self.0.pubsub.publish(broadcast, Pace::Now),
            Err(error) => log::broadcast_failed(&topic, event, error),
        }
    }

    /// Broadcasts an event to everyone on one node who joined a topic.
    ///
    /// # Errors
    ///
    /// The node is [not there](BroadcastToError::Gone), which is known at once; or the message can never
    /// be sent. Which Phoenix nodes there are is not known, so for these only the latter. That it was
    /// sent does not say that it arrives: the node may be gone before anybody knows.
    ///
    /// Phoenix counterpart: `Phoenix.PubSub.direct_broadcast/5`.
    pub fn broadcast_to(
        &self,
        node: &Node,
        topic: impl TopicName,
        event: impl AsRef<str>,
        payload: impl ToPayload,
    ) -> Result<(), BroadcastToError> {
        let broadcast = Broadcast::new(topic.into(), event.as_ref(), &payload.to_payload()?, None)?;
        match &self.0.cluster {
            Some(cluster) if cluster.node() != *node => cluster.relay_to(node, &broadcast),
            Some(_) => {
                self.0.pubsub.publish(broadcast, Pace::Now);
                Ok(())
            }
            None => {
                log::cluster_node_gone(node);
                Err(BroadcastToError::Gone(node.clone()))
            }
        }
    }

    /// How many subscribers a topic has on all nodes: joined channels and subscriptions.
    ///
    /// # Errors
    ///
    /// Nodes did not answer within 5 s, or went meanwhile; the error says what the others answered.
    pub async fn subscribers_everywhere(
        &self,
        topic: impl AsRef<str>,
    ) -> Result<usize, Unanswered> {
        let topic = topic.as_ref();
        let mut counted = self.subscribers(topic);
        let Some(nodes) = self.runtimes() else { return Ok(counted) };
        let others = nodes.others().to_vec();
        let topic = Bytes::copy_from_slice(topic.as_bytes());
        let answers = others.iter().map(|node| subscribers_of(nodes, node.id(), topic.clone()));
        let mut silent = Vec::new();
        for (answer, node) in join_all(answers).await.into_iter().zip(others) {
            match answer {
                Some(count) => counted += count,
                None => silent.push(node),
            }
        }
        if silent.is_empty() { Ok(counted) } else { Err(Unanswered { nodes: silent, counted }) }
    }

    /// This node, if the endpoint has a cluster.
    ///
    /// Phoenix counterpart: `Node.self/0`.
    pub fn node(&self) -> Option<Node> {
        self.0.cluster.as_ref().map(|cluster| cluster.node())
    }

    /// The other nodes that are there, by name.
    ///
    /// Phoenix counterpart: `Node.list/0`.
    pub fn nodes(&self) -> Vec<Node> {
        self.0.cluster.as_ref().map(|cluster| cluster.nodes()).unwrap_or_default()
    }

    /// What happens between this node and others from now on: who comes and goes, and what is lost.
    ///
    /// ```no_run
    /// # async fn watch(endpoint: phx_runtime::Endpoint) {
    /// use phx_runtime::cluster::ClusterEvent;
    ///
    /// let mut events = endpoint.cluster_events();
    /// while let Ok(event) = events.recv().await {
    ///     if let ClusterEvent::Gap { node, missed } = event {
    ///         println!("{missed} messages of {node} are lost");
    ///     }
    /// }
    /// # }
    /// ```
    pub fn cluster_events(&self) -> ClusterEvents {
        self.0.cluster.as_ref().map_or_else(ClusterEvents::none, |cluster| cluster.events())
    }

    /// Joins the cluster: done when this node is heard by itself over the engine. Nothing happens if
    /// there is no cluster, or the node has joined before.
    ///
    /// [`serve`](Self::serve) and [`bind`](Self::bind) do this by themselves; under `warp::serve` it is
    /// up to the application.
    ///
    /// # Errors
    ///
    /// The engine does not answer within [`Cluster::start_timeout`], unless it is not
    /// [`required`]; or the node has left before.
    ///
    /// [`Cluster::start_timeout`]: crate::cluster::Cluster::start_timeout
    /// [`required`]: crate::cluster::Cluster::required
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime.
    pub async fn join_cluster(&self) -> Result<(), ClusterError> {
        match &self.0.cluster {
            Some(cluster) => cluster.join().await,
            None => Ok(()),
        }
    }

    /// Leaves the cluster for good: sends what still waits, and says goodbye. The end of
    /// [`drain`](Self::drain) does this.
    pub async fn leave_cluster(&self) {
        if let Some(cluster) = &self.0.cluster {
            cluster.leave().await;
        }
    }
}

async fn subscribers_of(nodes: &Nodes, node: NodeId, topic: Bytes) -> Option<usize> {
    let answer = nodes.ask(node, Port::Subscribers, topic, ANSWER).await.ok()?;
    let count = u64::from_be_bytes(*answer.first_chunk()?);
    usize::try_from(count).ok()
}

/// Connects an endpoint's topics with those of other nodes.
pub(crate) fn connect(pubsub: &PubSub, cluster: &Arc<dyn Engine>) {
    let engine: Arc<dyn Relay> = cluster.clone();
    pubsub.relay_through(Arc::downgrade(&engine));
    if let Some(nodes) = cluster.runtimes() {
        nodes.serve(Port::Subscribers, Arc::new(Subscribers(pubsub.clone())));
    }
}

/// Tells other nodes how many subscribers there are here.
struct Subscribers(PubSub);

impl Service for Subscribers {
    fn message(&self, _: NodeId, body: Bytes, answer: Option<Answer>) {
        let (Some(answer), Ok(topic)) = (answer, std::str::from_utf8(&body)) else { return };
        let count = self.0.subscribers(topic) as u64;
        // Eight bytes are not too large.
        let _ = answer.send(Bytes::copy_from_slice(&count.to_be_bytes()));
    }

    fn event(&self, _: &ClusterEvent) {}
}
