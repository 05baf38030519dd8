//! What the handles of a node and its tasks share.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::{
    adapter_error::AdapterError,
    address::Parcel,
    asks::Asks,
    event::{ClusterEvent, EventSender},
    messages::Service,
    node::{Node, NodeId},
    outbound::Outbound,
    sending::Sends,
    standing::Standing,
};
use crate::{log, pubsub::PubSub};

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
    pub(super) standing: Arc<Standing>,
    /// Somebody wants to know who is there.
    pub(super) greeted: Notify,
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

impl Sends for Shared {
    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn batch(&self) -> (Vec<Parcel>, usize) {
        self.outbound.batch()
    }

    async fn ready(&self) {
        self.outbound.ready().await;
    }

    fn heartbeat(&self, is_first: bool) -> Parcel {
        self.outbound.heartbeat(is_first, &self.others.read())
    }

    async fn greeted(&self) {
        self.greeted.notified().await;
    }

    fn goodbye(&self) -> Option<Parcel> {
        Some(self.outbound.goodbye())
    }

    fn sent(&self, messages: usize, is_sent: bool) {
        log::cluster_sent(messages, is_sent);
    }

    fn connected(&self) {
        log::cluster_connected(&self.this, self.engine);
        self.events.send(ClusterEvent::Connected);
    }

    fn lost(&self, error: &AdapterError) {
        log::cluster_lost(self.engine, error);
        self.events.send(ClusterEvent::Disconnected);
    }
}
