//! What the handles of a node and its tasks share.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use tokio::sync::{Notify, watch};

use super::{
    adapter_error::AdapterError,
    asks::Asks,
    event::{ClusterEvent, EventSender},
    messages::Service,
    node::{Node, NodeId},
    outbound::Outbound,
};
use crate::pubsub::PubSub;

/// How far a node has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Running,
    Leaving,
}

/// What handles and tasks share.
pub(super) struct Shared {
    pub(super) this: Node,
    pub(super) engine: &'static str,
    pub(super) channels: u16,
    pub(super) outbound: Arc<Outbound>,
    pub(super) pubsub: PubSub,
    pub(super) events: EventSender,
    pub(super) others: RwLock<Arc<[Node]>>,
    pub(super) services: RwLock<HashMap<u8, Arc<dyn Service>>>,
    pub(super) asks: Asks,
    pub(super) link: watch::Sender<LinkState>,
    /// How often this node's own heartbeat came back.
    pub(super) heard: watch::Sender<u64>,
    /// Somebody wants to know who is there.
    pub(super) greeted: Notify,
}

/// How it stands with the engine.
#[derive(Clone, Debug)]
pub(super) enum LinkState {
    /// The first connection is being made; what was wrong with it last.
    Starting(Option<Arc<AdapterError>>),
    /// This node is heard.
    Up,
    Down,
}

impl Shared {
    /// The channel that a topic's broadcasts go over, the same on every node.
    pub(super) fn channel_of(&self, topic: &str) -> u16 {
        if self.channels == 1 {
            return 0;
        }
        // FNV-1a: the same in every version of the standard library, and spread well enough.
        let hash = topic.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        u16::try_from((hash ^ (hash >> 32)) % u64::from(self.channels)).unwrap_or(0)
    }

    /// Whether the node is there.
    pub(super) fn is_up(&self, node: NodeId) -> bool {
        self.others.read().iter().any(|other| other.id() == node)
    }

    /// The part of the runtime that listens there.
    pub(super) fn service(&self, port: u8) -> Option<Arc<dyn Service>> {
        self.services.read().get(&port).cloned()
    }

    /// Tells everybody what happened.
    pub(super) fn event(&self, event: ClusterEvent) {
        let services: Vec<_> = self.services.read().values().cloned().collect();
        for service in services {
            service.event(&event);
        }
        self.events.send(event);
    }
}

/// Waits until the node is told to leave, or its last handle is dropped.
pub(super) async fn is_over(stage: &mut watch::Receiver<Stage>) {
    // An error is the end too.
    let _ = stage.wait_for(|stage| *stage == Stage::Leaving).await;
}
