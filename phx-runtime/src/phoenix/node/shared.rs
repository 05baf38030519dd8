//! What the handles of a node and its tasks share.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::Notify;

use super::{
    super::{pubsub::NodeName, tracker::Shards},
    outgoing::Outgoing,
};
use crate::{
    cluster::{AdapterError, Address, EventSender, Node, Parcel, Sends, Standing},
    log,
    pubsub::PubSub,
};

pub(super) struct Shared {
    pub(super) this: Node,
    /// The same name, as Phoenix nodes are told it.
    pub(super) name: NodeName,
    pub(super) outgoing: Outgoing,
    pub(super) pubsub: PubSub,
    /// The presences of this node.
    pub(super) own: Arc<Shards>,
    /// The others that have presences.
    pub(super) others: RwLock<Arc<[Node]>>,
    pub(super) events: EventSender,
    pub(super) standing: Arc<Standing>,
    /// The connection is there again.
    pub(super) connected: Notify,
}

impl Sends for Shared {
    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn batch(&self) -> (Vec<Parcel>, usize) {
        let parcels = self.outgoing.batch();
        let count = parcels.len();
        (parcels, count)
    }

    async fn ready(&self) {
        self.outgoing.ready().await;
    }

    /// Nothing for Phoenix nodes, which listen elsewhere.
    fn heartbeat(&self, _is_first: bool) -> Parcel {
        let to = Address::Node(self.this.id());
        Parcel { to, payload: Bytes::from_static(b"heard?") }
    }

    fn sent(&self, messages: usize, is_sent: bool) {
        log::phoenix_sent(messages, is_sent);
    }

    fn connected(&self) {
        log::phoenix_connected(&self.this);
        self.connected.notify_one();
    }

    fn lost(&self, error: &AdapterError) {
        log::phoenix_lost(error);
    }
}
