//! This node among those of a Phoenix cluster, over Redis.
//!
//! It hears what Phoenix nodes broadcast and is heard by them, as if it were one. What it publishes
//! is checked before: a Phoenix node that gets what it cannot use crashes, and a few of these in a
//! row end its application. What it hears is trusted no more than what clients send.

mod both;
mod incoming;
mod names;
mod outgoing;
mod settings;
mod shared;

pub use self::names::node;
pub(crate) use self::{both::BothWays, settings::is_phoenix};
use self::{
    incoming::{Incoming, Presence},
    names::name_of,
    outgoing::{MAX_MESSAGE, Outgoing},
    settings::{PresenceSettings, Settings},
    shared::Shared,
};

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::{
    pubsub::{Broadcast, MessageError, NodeName, PubSubMessage, Target},
    tracker::{Others, Own, Presences, Replica, Shards},
};
use crate::{
    cluster::{
        Adapter, Arrivals, BroadcastToError, Cluster, ClusterConfigError, ClusterError,
        ClusterEvents, Engine, EventSender, Inbox, Lifecycle, Node, NodeId, Nodes, RedisAdapter,
        Sending, Standing,
    },
    log,
    message::EncodeError,
    pubsub::{self, PubSub, Relay},
};

/// How often this node says something to itself.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// A node of a Phoenix cluster. Cheap to clone. Its tasks end when the last handle is dropped, without
/// a goodbye if the node was not told to leave.
#[derive(Clone)]
pub(crate) struct PhoenixNode(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    lifecycle: Lifecycle,
    max_message: usize,
    /// The topics on which this node says goodbye, one for each shard of its presences.
    goodbyes: Vec<String>,
    /// What the tasks are made of, until they are.
    parts: Mutex<Option<Parts>>,
}

struct Parts {
    adapter: Arc<dyn Adapter>,
    inbox: Inbox,
    arrivals: Arrivals,
    presence: Option<(PresenceSettings, Box<dyn Presences>)>,
    deaf_to: Option<String>,
}

/// What a node is made of.
pub(crate) struct Membership<'a> {
    /// What is set of the cluster: its URL, and this node's name.
    pub(crate) cluster: &'a Cluster,
    /// How the names of phx nodes begin that talk to each other otherwise. This node's name begins so
    /// too, so that they do not hear each other twice.
    pub(crate) beside: Option<String>,
    pub(crate) pubsub: PubSub,
    /// The presences of this process, if it has any.
    pub(crate) presences: Option<Box<dyn Presences>>,
}

impl PhoenixNode {
    /// A node that does nothing before it is told to join.
    pub(crate) fn new(membership: Membership<'_>) -> Result<Self, ClusterConfigError> {
        let Membership { cluster, beside, pubsub, presences } = membership;
        let settings = Settings::parse(cluster.engine_url().unwrap_or_default())?;
        let this = names::this_node(&cluster.this_node()?, beside.as_deref());
        let channel = PubSubMessage::redis_channel(&settings.pubsub);
        let adapter = Arc::new(RedisAdapter::on_channel(&settings.redis, &channel)?);
        let name = NodeName::from(this.name());
        let shards = settings.presence.as_ref().map_or(1, |it| it.shards);
        let own = Arc::new(Shards::new(own(&name, this.id(), shards)));
        let member = settings.presence.as_ref().filter(|it| it.is_member);
        let goodbyes = member.into_iter().flat_map(PresenceSettings::topics).collect();
        let presence = match (settings.presence, presences) {
            (None, _) => None,
            (Some(_), None) => {
                let problem = "presences of Phoenix nodes need `.state(Presence::new())`";
                return Err(ClusterConfigError::Url(problem.to_owned()));
            }
            (Some(settings), Some(presences)) => {
                if settings.is_member {
                    presences.write_to(own.clone());
                }
                Some((settings, presences))
            }
        };
        let own_messages = PubSubMessage::beginning_of(&Target::Except(name.clone()));
        let (inbox, arrivals) = Inbox::new(this.id(), "phoenix", Some(own_messages));
        let standing = Arc::new(Standing::new());
        let (required, start_timeout) = (cluster.is_required(), cluster.longest_start());
        let lifecycle = Lifecycle::new(ENGINE, required, start_timeout, standing.clone());
        let parts = Parts { adapter, inbox, arrivals, presence, deaf_to: beside };
        let shared = Arc::new(Shared {
            this,
            name,
            outgoing: Outgoing::default(),
            pubsub,
            own,
            others: RwLock::new([].into()),
            events: EventSender::new(),
            standing,
            connected: Notify::new(),
        });
        Ok(Self(Arc::new(Inner {
            shared,
            lifecycle,
            max_message: cluster.largest_message(),
            goodbyes,
            parts: Mutex::new(Some(parts)),
        })))
    }

    /// Starts the tasks, once.
    fn start(&self) {
        let Some(parts) = self.0.parts.lock().take() else { return };
        let Parts { adapter, inbox, arrivals, presence, deaf_to } = parts;
        let shared = &self.0.shared;
        let presence = presence.map(|(settings, shown)| Presence::new(&settings, shown));
        let incoming = Incoming::new(shared.clone(), deaf_to, presence);
        let lifecycle = &self.0.lifecycle;
        tokio::spawn(incoming.run(arrivals, lifecycle.ending()));
        let sending = Sending {
            source: shared.clone(),
            adapter,
            inbox,
            heartbeat: HEARTBEAT,
            ending: lifecycle.ending(),
        };
        lifecycle.spawn_last(sending.run());
    }

    async fn leave_others(&self) {
        for (topic, own) in self.0.goodbyes.iter().zip(self.0.shared.own.iter()) {
            let goodbye = Others::goodbye(&own.lock());
            self.0.shared.send_tracker(topic, goodbye);
        }
        self.0.lifecycle.leave().await;
    }

    /// The bytes of a broadcast, if no Phoenix node would crash on it.
    fn written(&self, to: Target, broadcast: &pubsub::Broadcast) -> Result<Vec<u8>, EncodeError> {
        let message = encoded(to, broadcast).map_err(|error| {
            log::phoenix_unsendable();
            EncodeError::Phoenix { problem: error.to_string() }
        })?;
        let (length, limit) = (message.len(), self.0.max_message.min(MAX_MESSAGE));
        if length > limit {
            log::phoenix_unsendable();
            return Err(EncodeError::TooLarge { length, limit });
        }
        Ok(message)
    }

    fn publish(&self, message: Vec<u8>) {
        self.0.shared.outgoing.push(message);
    }

    fn everybody(&self) -> Target {
        Target::Except(self.0.shared.name.clone())
    }
}

/// What the log calls it.
const ENGINE: &str = "phoenix+redis";

/// The presences of a node in each shard, where it is a replica of its own.
fn own(name: &NodeName, id: NodeId, shards: u16) -> impl Iterator<Item = Own> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let vsn = i64::try_from(started.as_micros()).unwrap_or(i64::MAX);
    let replica = Replica { name: name.clone(), vsn: vsn.into() };
    // Any number that differs from those of other nodes and shards.
    let [.., a, b, c, d] = id.get().to_be_bytes();
    let creation = u32::from_be_bytes([a, b, c, d]);
    let of_shard = move |shard| Own::new(replica.clone(), creation.wrapping_add(u32::from(shard)));
    (0..shards).map(of_shard)
}

/// The bytes of a broadcast, checked.
fn encoded(to: Target, broadcast: &pubsub::Broadcast) -> Result<Vec<u8>, MessageError> {
    let (topic, event) = (broadcast.topic().as_str(), broadcast.event());
    let payload = broadcast.payload();
    let event = event.as_str();
    let content = match (payload.as_json(), payload.as_binary()) {
        (Some(json), _) => Broadcast::json(topic, event, json)?,
        (None, bytes) => Broadcast::binary(topic, event, bytes.cloned().unwrap_or_default()),
    };
    PubSubMessage::to(to, content).encode()
}

impl Relay for PhoenixNode {
    fn relay(&self, broadcast: &pubsub::Broadcast) -> Result<(), EncodeError> {
        self.publish(self.written(self.everybody(), broadcast)?);
        Ok(())
    }
}

impl Engine for PhoenixNode {
    fn node(&self) -> Node {
        self.0.shared.this.clone()
    }

    fn nodes(&self) -> Vec<Node> {
        self.0.shared.others.read().to_vec()
    }

    fn events(&self) -> ClusterEvents {
        self.0.shared.events.subscribe()
    }

    /// Nobody knows which nodes there are, so none is known not to be there.
    fn relay_to(&self, node: &Node, broadcast: &pubsub::Broadcast) -> Result<(), BroadcastToError> {
        self.publish(self.written(Target::Only(name_of(node)), broadcast)?);
        Ok(())
    }

    fn join(&self) -> BoxFuture<'_, Result<(), ClusterError>> {
        self.0.lifecycle.join(|| self.start()).boxed()
    }

    fn leave(&self) -> BoxFuture<'_, ()> {
        self.leave_others().boxed()
    }

    fn runtimes(&self) -> Option<&Nodes> {
        None
    }
}

impl fmt::Debug for PhoenixNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoenixNode").field("this", &self.0.shared.this).finish_non_exhaustive()
    }
}
