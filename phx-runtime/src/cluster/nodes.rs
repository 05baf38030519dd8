//! This node among the others.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::{
    adapter::Adapter,
    address::Address,
    asks::{AskError, Asks},
    error::{BroadcastToError, ClusterError},
    event::{ClusterEvents, EventSender},
    framing::{self, Entry},
    inbox::{Arrivals, Inbox},
    lifecycle::Lifecycle,
    messages::{Messenger, Port, Service},
    node::{Node, NodeId},
    outbound::{Limits, Outbound},
    peers::Peers,
    receiving::Receiving,
    sending::Sending,
    settings::Settings,
    shared::Shared,
    standing::Standing,
};
use crate::{
    log,
    message::EncodeError,
    pubsub::{Broadcast, PubSub, Relay},
};

/// A cluster over an adapter. Cheap to clone. Its tasks end when the last handle is dropped, without
/// a goodbye if the node was not told to leave.
#[derive(Clone)]
pub(crate) struct Nodes(Arc<Inner>);

/// What the handles hold. The tasks hold what it holds, so that they do not keep themselves alive.
struct Inner {
    shared: Arc<Shared>,
    lifecycle: Lifecycle,
    max_message: usize,
    /// What the tasks are made of, until they are.
    parts: Mutex<Option<Parts>>,
}

struct Parts {
    adapter: Arc<dyn Adapter>,
    inbox: Inbox,
    arrivals: Arrivals,
    settings: Settings,
    tag: u64,
}

impl Nodes {
    pub(super) fn new(
        this: Node,
        application: &str,
        tag: u64,
        adapter: Arc<dyn Adapter>,
        settings: Settings,
        required: bool,
        pubsub: PubSub,
    ) -> Self {
        let limits = Limits {
            message: settings.max_message,
            waiting: settings.max_waiting,
            age: settings.max_age,
            payload: adapter.max_payload().max(4096),
        };
        let own = framing::beginning_of(tag, this.id());
        let (inbox, arrivals) = Inbox::new(this.id(), application, Some(own));
        let standing = Arc::new(Standing::new());
        let engine = adapter.name();
        let shared = Arc::new(Shared {
            outbound: Arc::new(Outbound::new(this.clone(), tag, limits)),
            this,
            engine,
            channels: adapter.channels().max(1),
            pubsub,
            events: EventSender::new(),
            others: RwLock::new([].into()),
            services: RwLock::default(),
            asks: Asks::default(),
            standing: standing.clone(),
            greeted: Notify::new(),
        });
        let lifecycle = Lifecycle::new(engine, required, settings.start_timeout, standing);
        let parts = Parts { adapter, inbox, arrivals, settings, tag };
        Self(Arc::new(Inner {
            shared,
            lifecycle,
            max_message: settings.max_message,
            parts: Mutex::new(Some(parts)),
        }))
    }

    /// From now on messages for a part of the runtime go to `service`. Comes back with the one that it
    /// replaces.
    pub(crate) fn serve(&self, port: Port, service: Arc<dyn Service>) -> Option<Arc<dyn Service>> {
        self.0.shared.services.write().insert(port as u8, service)
    }

    /// Sends messages for a part of the runtime.
    pub(crate) fn messenger(&self, port: Port) -> Messenger {
        Messenger { outbound: self.0.shared.outbound.clone(), port }
    }

    /// The largest message, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.0.max_message
    }

    /// Asks another node, and waits for its answer.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub(crate) async fn ask(
        &self,
        node: NodeId,
        port: Port,
        body: Bytes,
        limit: Duration,
    ) -> Result<Bytes, AskError> {
        let mut asked = self.0.shared.asks.ask(node);
        if !self.0.shared.is_up(node) {
            return Err(AskError::Down);
        }
        let question = Entry::Question { id: asked.id, port: port as u8, body };
        self.entry(Address::Node(node), &question)?;
        match tokio::time::timeout(limit, &mut asked.answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AskError::Down),
            Err(_) => Err(AskError::TimedOut),
        }
    }

    pub(super) fn entry(&self, to: Address, entry: &Entry) -> Result<(), EncodeError> {
        self.0.shared.outbound.entry(to, entry)
    }

    /// Starts the tasks, once.
    fn start(&self) {
        let Some(parts) = self.0.parts.lock().take() else { return };
        let Parts { adapter, inbox, arrivals, settings, tag } = parts;
        let shared = &self.0.shared;
        let max_entry = Outbound::max_entry(settings.max_message);
        let peers =
            Peers::new(shared.this.id(), tag, shared.channels, settings.down_after, max_entry);
        let lifecycle = &self.0.lifecycle;
        let receiving = Receiving::new(shared.clone(), peers, arrivals, lifecycle.ending());
        let sending = Sending {
            source: shared.clone(),
            adapter,
            inbox,
            heartbeat: settings.heartbeat,
            ending: lifecycle.ending(),
        };
        tokio::spawn(receiving.run());
        lifecycle.spawn_last(sending.run());
    }

    /// This node.
    pub(crate) fn this(&self) -> &Node {
        &self.0.shared.this
    }

    /// The other nodes that are there, by name.
    pub(crate) fn others(&self) -> Arc<[Node]> {
        self.0.shared.others.read().clone()
    }

    pub(super) fn events(&self) -> ClusterEvents {
        self.0.shared.events.subscribe()
    }

    pub(super) fn relay_to(
        &self,
        node: &Node,
        broadcast: &Broadcast,
    ) -> Result<(), BroadcastToError> {
        if !self.0.shared.is_up(node.id()) {
            log::cluster_node_gone(node);
            return Err(BroadcastToError::Gone(node.clone()));
        }
        self.0.shared.outbound.broadcast(Address::Node(node.id()), broadcast)?;
        Ok(())
    }

    pub(super) async fn join(&self) -> Result<(), ClusterError> {
        self.0.lifecycle.join(|| self.start()).await
    }

    pub(super) async fn leave(&self) {
        self.0.lifecycle.leave().await;
    }
}

impl Relay for Nodes {
    fn relay(&self, broadcast: &Broadcast) -> Result<(), EncodeError> {
        let channel = self.0.shared.channel_of(broadcast.topic());
        self.0.shared.outbound.broadcast(Address::Channel(channel), broadcast)
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").field("this", &self.0.shared.this).finish_non_exhaustive()
    }
}
