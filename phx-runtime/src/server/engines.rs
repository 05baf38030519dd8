//! What connects an endpoint's topics with those of other nodes.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use super::build_error::BuildError;
use crate::{
    cluster::{Cluster, ClusterConfigError, Engine, Nodes},
    endpoint::connect_cluster,
    pubsub::PubSub,
    token::Secret,
};
#[cfg(all(feature = "phoenix", feature = "redis"))]
use crate::{
    phoenix::{BothWays, Membership, PhoenixNode, Presences, is_phoenix},
    presence::{BesidePhoenix, handle::Presence},
};

type States = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

/// The clusters that an endpoint is to belong to.
#[derive(Default)]
pub(super) struct Clusters {
    /// That of its own kind.
    own: Option<Cluster>,
    #[cfg(all(feature = "phoenix", feature = "redis"))]
    phoenix: Option<Cluster>,
}

impl Clusters {
    /// One more, or another one of the same kind.
    pub(super) fn add(&mut self, cluster: Cluster) {
        #[cfg(all(feature = "phoenix", feature = "redis"))]
        if cluster.engine_url().is_some_and(is_phoenix) {
            self.phoenix = Some(cluster);
            return;
        }
        self.own = Some(cluster);
    }

    /// Connects the topics with those of other nodes, if there are any.
    #[cfg_attr(
        not(all(feature = "phoenix", feature = "redis")),
        expect(unused_variables, reason = "presences of Phoenix nodes need them")
    )]
    pub(super) fn connect(
        self,
        secret: Option<&Secret>,
        pubsub: &PubSub,
        states: &States,
    ) -> Result<Option<Arc<dyn Engine>>, BuildError> {
        #[cfg(all(feature = "phoenix", feature = "redis"))]
        let phoenix = {
            let beside = self.own.as_ref().map(|own| format!("phx:{}:", own.application_name()));
            let node = |cluster: &Cluster| phoenix_node(cluster, beside, pubsub, states);
            self.phoenix.as_ref().map(node).transpose().map_err(wrong)?
        };
        let nodes = self.own.map(|own| nodes(own, secret, pubsub)).transpose().map_err(wrong)?;
        #[cfg(all(feature = "phoenix", feature = "redis"))]
        let engine: Option<Arc<dyn Engine>> = match (nodes, phoenix) {
            (Some(nodes), Some(phoenix)) => Some(Arc::new(BothWays { nodes, phoenix })),
            (Some(nodes), None) => Some(Arc::new(nodes)),
            (None, Some(phoenix)) => Some(Arc::new(phoenix)),
            (None, None) => None,
        };
        #[cfg(not(all(feature = "phoenix", feature = "redis")))]
        let engine: Option<Arc<dyn Engine>> = nodes.map(|nodes| Arc::new(nodes) as _);
        if let Some(engine) = &engine {
            connect_cluster(pubsub, engine);
        }
        Ok(engine)
    }
}

fn wrong(error: ClusterConfigError) -> BuildError {
    BuildError::Cluster { problem: error.to_string() }
}

fn nodes(
    cluster: Cluster,
    secret: Option<&Secret>,
    pubsub: &PubSub,
) -> Result<Nodes, ClusterConfigError> {
    cluster.into_nodes(secret.ok_or(ClusterConfigError::NoSecret)?, pubsub.clone())
}

/// A node beside Phoenix nodes; `beside` begins the names of those that hear each other otherwise.
#[cfg(all(feature = "phoenix", feature = "redis"))]
fn phoenix_node(
    cluster: &Cluster,
    beside: Option<String>,
    pubsub: &PubSub,
    states: &States,
) -> Result<PhoenixNode, ClusterConfigError> {
    let presence = states.get(&TypeId::of::<Presence>());
    let presence = presence.and_then(|state| state.downcast_ref::<Presence>()).cloned();
    let presences =
        presence.map(|presence| -> Box<dyn Presences> { Box::new(BesidePhoenix::new(&presence)) });
    PhoenixNode::new(Membership { cluster, beside, pubsub: pubsub.clone(), presences })
}
