//! What the handles of a node and its tasks share.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, watch};

use super::{
    super::{pubsub::NodeName, tracker::Own},
    outgoing::Outgoing,
};
use crate::{
    cluster::{AdapterError, EventSender, Node},
    pubsub::PubSub,
};

/// How far a node has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Running,
    Leaving,
}

pub(super) struct Shared {
    pub(super) this: Node,
    /// The same name, as Phoenix nodes are told it.
    pub(super) name: NodeName,
    pub(super) outgoing: Outgoing,
    pub(super) pubsub: PubSub,
    /// The presences of this node.
    pub(super) own: Arc<Mutex<Own>>,
    /// The others that have presences.
    pub(super) others: RwLock<Arc<[Node]>>,
    pub(super) events: EventSender,
    pub(super) link: watch::Sender<LinkState>,
    /// How often what this node said to itself came back.
    pub(super) heard: watch::Sender<u64>,
    /// The connection is there again.
    pub(super) connected: Notify,
}

/// How it stands with Redis.
#[derive(Clone, Debug)]
pub(super) enum LinkState {
    /// The first connection is being made; what was wrong with it last.
    Starting(Option<Arc<AdapterError>>),
    /// This node is heard.
    Up,
    Down,
}

/// Waits until the node is told to leave, or its last handle is dropped.
pub(super) async fn is_over(stage: &mut watch::Receiver<Stage>) {
    // An error is the end too.
    let _ = stage.wait_for(|stage| *stage == Stage::Leaving).await;
}
