//! How an endpoint is a node of a cluster.

use std::{fmt, sync::Arc, time::Duration};

use hmac::{Hmac, Mac};
use sha2::Sha256;

#[cfg(feature = "nats")]
use super::nats::NatsAdapter;
#[cfg(feature = "redis")]
use super::redis::RedisAdapter;
use super::{
    adapter::Adapter,
    error::ClusterConfigError,
    node::{Node, NodeId},
    nodes::Nodes,
    settings::Settings,
};
use crate::{pubsub::PubSub, token::Secret};

/// The engine that an endpoint's node uses, and how it does; given to
/// [`Builder::cluster`](crate::server::Builder::cluster).
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::{Endpoint, cluster::{Cluster, Hub}};
///
/// // Nodes in one process, for a test.
/// let hub = Hub::new();
/// let node = |name: &str| {
///     Endpoint::builder()
///         .secret("at least twenty bytes of secret")
///         .cluster(Cluster::adapter(hub.adapter()).node(name).down_after(Duration::from_secs(5)))
///         .build()
/// };
/// let (a, b) = (node("a")?, node("b")?);
/// # let _ = (a, b);
/// # Ok::<(), phx_runtime::server::BuildError>(())
/// ```
#[must_use]
pub struct Cluster {
    engine: Which,
    node: Option<String>,
    application: String,
    required: bool,
    pub(super) settings: Settings,
}

enum Which {
    Url(String),
    Adapter(Arc<dyn Adapter>),
}

/// What names are made of, so that they can stand on every engine.
const NAME: &str = "A-Z, a-z, 0-9, `_` and `-`";

impl Cluster {
    /// Uses the engine at a URL:
    ///
    /// | URL | engine | feature |
    /// | --- | --- | --- |
    /// | `redis://`, `rediss://` (TLS) | Redis or Valkey, one server | `redis` |
    /// | `redis+sentinel://host:port,host:port/master` | the one that Sentinel names | `redis` |
    /// | `redis+cluster://host:port,host:port` | Redis Cluster, with sharded channels | `redis` |
    /// | `nats://`, `tls://` | NATS | `nats` |
    ///
    /// With `phoenix+redis://` and the features `phoenix` and `redis` the others are Phoenix nodes.
    ///
    /// What is wrong with it is said by [`Builder::build`](crate::server::Builder::build).
    pub fn url(url: impl Into<String>) -> Self {
        Self::new(Which::Url(url.into()))
    }

    /// Uses an adapter.
    pub fn adapter(adapter: impl Adapter) -> Self {
        Self::new(Which::Adapter(Arc::new(adapter)))
    }

    fn new(engine: Which) -> Self {
        Self {
            engine,
            node: None,
            application: "phx".to_owned(),
            required: true,
            settings: Settings::default(),
        }
    }

    /// This node's name, by which people tell it from others; made up if it is not given. Up to 64
    /// letters, digits, `_`, `-`, `.`, `:` and `@`.
    pub fn node(mut self, name: impl Into<String>) -> Self {
        self.node = Some(name.into());
        self
    }

    /// The name under which nodes find each other on the engine; `phx` by default. Other applications
    /// use it under other names. Up to 64 letters, digits, `_` and `-`.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Whether it is an error if the engine is not there at start, as it is by default. Otherwise it
    /// is a warning: the node serves its own clients, and joins the others when it can.
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// How long the engine may take to answer at start; 5 s by default.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.settings.start_timeout = timeout;
        self
    }

    /// How often nodes say that they are there; every 2 s by default. A node that does not hear
    /// itself for twice as long and a second connects to the engine anew.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.settings.heartbeat = interval;
        self
    }

    /// How long nothing is heard of a node before it counts as gone; 10 s by default. At least twice
    /// [`heartbeat`](Self::heartbeat).
    pub fn down_after(mut self, time: Duration) -> Self {
        self.settings.down_after = time;
        self
    }

    /// The largest message, in bytes as clients get it; 4 MB by default. A larger one is refused with
    /// [`EncodeError::TooLarge`](crate::channel::EncodeError::TooLarge) where it is sent, and nobody gets it.
    /// Every node takes at least what the others send.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.settings.max_message = bytes;
        self
    }

    /// Bytes that may wait to be sent to the engine; 8 MB by default. What comes while there is no
    /// room is dropped and counted.
    pub fn max_waiting(mut self, bytes: usize) -> Self {
        self.settings.max_waiting = bytes;
        self
    }

    /// How long a message may wait to be sent to the engine; 5 s by default. Then it is dropped and
    /// counted: clients elsewhere do not get what is no longer true.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.settings.max_age = age;
        self
    }

    /// This node, under its name.
    pub(crate) fn this_node(&self) -> Result<Node, ClusterConfigError> {
        let id = NodeId::random();
        let made_up = || format!("node-{:08x}", id.get() >> 32);
        let name = self.node.clone().unwrap_or_else(made_up);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:@".contains(c);
        if !(1..=64).contains(&name.len()) || !name.chars().all(is_allowed) {
            let allowed = "A-Z, a-z, 0-9, `_`, `-`, `.`, `:` and `@`";
            return Err(ClusterConfigError::Name { what: "node", allowed });
        }
        Ok(Node::new(id, &name))
    }

    /// The adapter alone.
    pub(crate) fn into_adapter(self) -> Result<Arc<dyn Adapter>, ClusterConfigError> {
        match self.engine {
            Which::Adapter(adapter) => Ok(adapter),
            Which::Url(url) => adapter_of(&url),
        }
    }

    /// The node that uses an adapter. It does nothing before it is told to join.
    pub(crate) fn into_nodes(
        self,
        secret: &Secret,
        pubsub: PubSub,
    ) -> Result<Nodes, ClusterConfigError> {
        let this = self.this_node()?;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !(1..=64).contains(&self.application.len()) || !self.application.chars().all(is_allowed)
        {
            return Err(ClusterConfigError::Name { what: "application", allowed: NAME });
        }
        self.settings.check()?;
        let tag = tag(secret, &self.application);
        let (settings, required, application) =
            (self.settings, self.required, self.application.clone());
        let adapter = self.into_adapter()?;
        Ok(Nodes::new(this, &application, tag, adapter, settings, required, pubsub))
    }
}

/// What an engine of another kind reads of it.
#[cfg(all(feature = "phoenix", feature = "redis"))]
impl Cluster {
    /// The URL, if it is none of an adapter.
    pub(crate) fn engine_url(&self) -> Option<&str> {
        match &self.engine {
            Which::Url(url) => Some(url),
            Which::Adapter(_) => None,
        }
    }

    /// Whether starting without the engine is an error.
    pub(crate) fn is_required(&self) -> bool {
        self.required
    }

    /// The name under which nodes find each other.
    pub(crate) fn application_name(&self) -> &str {
        &self.application
    }

    /// The largest message that is sent.
    pub(crate) fn largest_message(&self) -> usize {
        self.settings.max_message
    }

    /// How long the engine may take to answer at start.
    pub(crate) fn longest_start(&self) -> Duration {
        self.settings.start_timeout
    }
}

/// The adapter that a URL names.
fn adapter_of(url: &str) -> Result<Arc<dyn Adapter>, ClusterConfigError> {
    // The rest of it may contain a password.
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    #[cfg(feature = "redis")]
    if matches!(scheme.split('+').next(), Some("redis" | "rediss")) {
        return Ok(Arc::new(RedisAdapter::new(url)?));
    }
    #[cfg(feature = "nats")]
    if matches!(scheme, "nats" | "tls") {
        return Ok(Arc::new(NatsAdapter::new(url)?));
    }
    let feature = match scheme {
        "redis" | "rediss" => Some("redis"),
        "nats" | "tls" => Some("nats"),
        _ => None,
    };
    if let Some(feature) = feature {
        let problem = format!("URLs that begin with `{scheme}://` need the feature `{feature}`");
        return Err(ClusterConfigError::Url(problem));
    }
    Err(ClusterConfigError::Url(format!(
        "there is no engine for URLs that begin with `{scheme}://`"
    )))
}

/// What tells the payloads of this application from those of others, and of others with another
/// secret. It keeps mistakes apart and not attackers: whoever can listen on the engine can copy it.
fn tag(secret: &Secret, application: &str) -> u64 {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_ref()) else { return 0 };
    mac.update(b"phx cluster\0");
    mac.update(application.as_bytes());
    let hash = mac.finalize().into_bytes();
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

impl From<&str> for Cluster {
    fn from(url: &str) -> Self {
        Self::url(url)
    }
}

impl From<String> for Cluster {
    fn from(url: String) -> Self {
        Self::url(url)
    }
}

/// Without the URL, which may contain a password.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("node", &self.node)
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}
