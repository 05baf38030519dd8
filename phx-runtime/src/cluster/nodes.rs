//! This node among the others.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, watch};

use super::{
    adapter::Adapter,
    adapter_error::AdapterError,
    address::Address,
    asks::{AskError, Asks},
    error::{ClusterError, ClusterErrorKind},
    event::{ClusterEvents, EventSender},
    framing::Entry,
    inbox::{Arrivals, Inbox},
    messages::{Messenger, Port, Service},
    node::{Node, NodeId},
    outbound::{Limits, Outbound},
    peers::Peers,
    receiving::Receiving,
    sending::Sending,
    settings::Settings,
    shared::{LinkState, Shared, Stage},
};
use crate::{
    log,
    message::EncodeError,
    pubsub::{Broadcast, PubSub, Relay},
};

/// How long sending what still waits and the goodbye may take.
const LEAVING: Duration = Duration::from_secs(2);

/// A cluster over an adapter. Cheap to clone. Its tasks end when the last handle is dropped, without
/// a goodbye if the node was not told to leave.
#[derive(Clone)]
pub(crate) struct Nodes(Arc<Inner>);

/// What the handles hold. The tasks hold what it holds, so that they do not keep themselves alive.
struct Inner {
    shared: Arc<Shared>,
    required: bool,
    start_timeout: Duration,
    max_message: usize,
    /// What the tasks are made of, until they are.
    parts: Mutex<Option<Parts>>,
    /// Tells the tasks to end, also by being dropped.
    stage: watch::Sender<Stage>,
    /// Whether the sending task has ended.
    ended: watch::Receiver<bool>,
}

struct Parts {
    adapter: Arc<dyn Adapter>,
    inbox: Inbox,
    arrivals: Arrivals,
    settings: Settings,
    tag: u64,
    ended: watch::Sender<bool>,
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
        let (inbox, arrivals) = Inbox::new(this.id(), application);
        let shared = Arc::new(Shared {
            outbound: Arc::new(Outbound::new(this.clone(), tag, limits)),
            this,
            engine: adapter.name(),
            channels: adapter.channels().max(1),
            pubsub,
            events: EventSender::new(),
            others: RwLock::new([].into()),
            services: RwLock::default(),
            asks: Asks::default(),
            link: watch::Sender::new(LinkState::Starting(None)),
            heard: watch::Sender::new(0),
            greeted: Notify::new(),
        });
        let (ended, has_ended) = watch::channel(false);
        let parts = Parts { adapter, inbox, arrivals, settings, tag, ended };
        Self(Arc::new(Inner {
            shared,
            required,
            start_timeout: settings.start_timeout,
            max_message: settings.max_message,
            parts: Mutex::new(Some(parts)),
            stage: watch::Sender::new(Stage::Waiting),
            ended: has_ended,
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
        let Parts { adapter, inbox, arrivals, settings, tag, ended } = parts;
        let shared = &self.0.shared;
        self.0.stage.send_if_modified(|stage| {
            let starts = *stage == Stage::Waiting;
            if starts {
                *stage = Stage::Running;
            }
            starts
        });
        let max_entry = Outbound::max_entry(settings.max_message);
        let peers =
            Peers::new(shared.this.id(), tag, shared.channels, settings.down_after, max_entry);
        let receiving = Receiving::new(shared.clone(), peers, arrivals, self.0.stage.subscribe());
        let sending = Sending::new(
            shared.clone(),
            adapter,
            inbox,
            settings.heartbeat,
            self.0.stage.subscribe(),
        );
        tokio::spawn(receiving.run());
        tokio::spawn(async move {
            sending.run().await;
            ended.send_replace(true);
        });
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

    pub(super) fn relay_to(&self, node: NodeId, broadcast: &Broadcast) -> Result<(), EncodeError> {
        if !self.0.shared.is_up(node) {
            log::cluster_node_gone(node);
            return Ok(());
        }
        self.0.shared.outbound.broadcast(Address::Node(node), broadcast)
    }

    pub(super) async fn join(&self) -> Result<(), ClusterError> {
        if *self.0.stage.borrow() == Stage::Leaving {
            let engine = self.0.shared.engine;
            return Err(ClusterError::new(engine, ClusterErrorKind::Left, None));
        }
        self.start();
        match self.until_heard().await {
            Err(error) if !self.0.required => {
                log::cluster_starts_alone(&error);
                Ok(())
            }
            Err(error) => {
                self.0.stage.send_replace(Stage::Leaving);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    pub(super) async fn leave(&self) {
        let before = self.0.stage.send_replace(Stage::Leaving);
        if before == Stage::Waiting {
            return;
        }
        let mut ended = self.0.ended.clone();
        if tokio::time::timeout(LEAVING, ended.wait_for(|ended| *ended)).await.is_err() {
            log::cluster_left_too_slowly(self.0.shared.engine);
        }
    }

    async fn until_heard(&self) -> Result<(), ClusterError> {
        let engine = self.0.shared.engine;
        let mut link = self.0.shared.link.subscribe();
        let heard = link.wait_for(|state| !matches!(state, LinkState::Starting(_)));
        if let Ok(Ok(_)) = tokio::time::timeout(self.0.start_timeout, heard).await {
            return Ok(());
        }
        let reason = match &*self.0.shared.link.borrow() {
            LinkState::Starting(Some(reason)) => Some(AdapterError::new(reason.to_string())),
            _ => None,
        };
        Err(ClusterError::new(engine, ClusterErrorKind::Unreachable, reason))
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
