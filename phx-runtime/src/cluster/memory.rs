//! An engine in memory, with faults: for tests of what runs on several nodes.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    address::{Address, Parcel},
    inbox::Inbox,
};

/// An engine for nodes in one process, which loses, delays, repeats and reorders what it carries as it
/// is told to. Cheap to clone.
///
/// Every decision comes from a seed, and time is Tokio's: under a paused clock a test with one seed
/// sees the same faults each time.
///
/// ```
/// use phx_runtime::cluster::{Faults, Hub};
///
/// let hub = Hub::with_seed(7);
/// hub.set_faults(Faults { drop: 0.1, repeat: 0.1, ..Faults::none() });
/// let (a, b) = (hub.adapter(), hub.adapter());
/// hub.partition([vec![a.index()], vec![b.index()]]);
/// hub.heal();
/// ```
#[derive(Clone)]
pub struct Hub(Arc<Mutex<State>>);

/// What goes wrong with each payload on its way to each node. Probabilities are between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// How probably it is lost.
    pub drop: f64,
    /// How probably it arrives twice.
    pub repeat: f64,
    /// How probably it arrives after the one that follows it.
    pub reorder: f64,
    /// How much later it arrives at most; those behind it wait.
    pub delay: Duration,
}

impl Faults {
    /// Nothing goes wrong.
    pub const fn none() -> Self {
        Self { drop: 0.0, repeat: 0.0, reorder: 0.0, delay: Duration::ZERO }
    }
}

/// One node's way to a [`Hub`].
#[derive(Clone, Debug)]
pub struct MemoryAdapter {
    hub: Hub,
    index: usize,
    channels: u16,
    max_payload: usize,
}

struct State {
    random: u64,
    faults: Faults,
    is_stopped: bool,
    nodes: usize,
    /// Who is connected, by index and in no other order, so that a seed decides alike each time.
    connected: Vec<Connected>,
    /// Nodes that hear each other only if they are in the same group; none if all do.
    groups: Option<Vec<BTreeSet<usize>>>,
    killed: BTreeSet<usize>,
    held: HashMap<usize, OnItsWay>,
    connections: usize,
}

struct Connected {
    index: usize,
    connection: usize,
    inbox: Inbox,
    way: mpsc::UnboundedSender<OnItsWay>,
}

#[derive(Clone)]
struct OnItsWay {
    at: Instant,
    to: Address,
    payload: Bytes,
}

impl Hub {
    /// A hub on which nothing goes wrong until it is told to.
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// A hub whose faults follow from a seed.
    pub fn with_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: seed,
            faults: Faults::none(),
            is_stopped: false,
            nodes: 0,
            connected: Vec::new(),
            groups: None,
            killed: BTreeSet::new(),
            held: HashMap::new(),
            connections: 0,
        })))
    }

    /// A way to the hub for one more node.
    pub fn adapter(&self) -> MemoryAdapter {
        let mut state = self.0.lock();
        let index = state.nodes;
        state.nodes += 1;
        MemoryAdapter { hub: self.clone(), index, channels: 1, max_payload: 1024 * 1024 }
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.0.lock().faults = faults;
    }

    /// From now on nodes hear each other only within their group, by [`MemoryAdapter::index`]. One
    /// that is in no group hears itself alone.
    pub fn partition(&self, groups: impl IntoIterator<Item = Vec<usize>>) {
        let groups = groups.into_iter().map(|group| group.into_iter().collect()).collect();
        self.0.lock().groups = Some(groups);
    }

    /// All nodes hear each other again.
    pub fn heal(&self) {
        self.0.lock().groups = None;
    }

    /// Cuts a node off for good, without a goodbye.
    pub fn kill(&self, index: usize) {
        let mut state = self.0.lock();
        state.killed.insert(index);
        state.disconnect(|connected| connected.index == index);
    }

    /// Ends all connections and takes no new ones, as an engine that is stopped.
    pub fn stop(&self) {
        let mut state = self.0.lock();
        state.is_stopped = true;
        state.disconnect(|_| true);
    }

    /// Takes connections again.
    pub fn start(&self) {
        self.0.lock().is_stopped = false;
    }

    /// Publishes a payload as nobody's, such as one that no node would send.
    pub fn inject(&self, to: Address, payload: impl Into<Bytes>) {
        self.0.lock().publish(None, &Parcel { to, payload: payload.into() });
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryAdapter {
    /// Which of the hub's nodes it is, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Spreads topics over so many channels; over one by default.
    pub fn with_channels(mut self, channels: u16) -> Self {
        self.channels = channels;
        self
    }

    /// Takes no larger payloads; 1 MB by default.
    pub fn with_max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }
}

impl Adapter for MemoryAdapter {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn max_payload(&self) -> usize {
        self.max_payload
    }

    fn channels(&self) -> u16 {
        self.channels
    }

    fn connect(&self, inbox: Inbox) -> BoxFuture<'_, Result<Box<dyn Link>, AdapterError>> {
        let connected = self.hub.0.lock().connect(self.index, inbox);
        let link = connected.map(|connection| {
            let hub = self.hub.clone();
            Box::new(MemoryLink { hub, connection }) as Box<dyn Link>
        });
        std::future::ready(link).boxed()
    }
}

struct MemoryLink {
    hub: Hub,
    connection: usize,
}

impl Link for MemoryLink {
    fn send(&mut self, parcels: Vec<Parcel>) -> BoxFuture<'_, Result<(), AdapterError>> {
        let mut state = self.hub.0.lock();
        let is_there = state.connected.iter().any(|it| it.connection == self.connection);
        let sent = if is_there {
            for parcel in &parcels {
                state.publish(Some(self.connection), parcel);
            }
            Ok(())
        } else {
            Err(AdapterError::new("the hub has ended the connection"))
        };
        std::future::ready(sent).boxed()
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        self.hub.0.lock().connected.retain(|it| it.connection != self.connection);
    }
}

impl State {
    fn connect(&mut self, index: usize, inbox: Inbox) -> Result<usize, AdapterError> {
        if self.is_stopped || self.killed.contains(&index) {
            return Err(AdapterError::new("the hub is stopped"));
        }
        let (way, mut arriving) = mpsc::unbounded_channel::<OnItsWay>();
        let to = inbox.clone();
        tokio::spawn(async move {
            while let Some(OnItsWay { at, to: on, payload }) = arriving.recv().await {
                if at > Instant::now() {
                    sleep_until(at).await;
                }
                to.receive(on, payload);
            }
        });
        let connection = self.connections;
        self.connections += 1;
        self.connected.push(Connected { index, connection, inbox, way });
        self.connected.sort_by_key(|connected| connected.index);
        Ok(connection)
    }

    fn disconnect(&mut self, which: impl Fn(&Connected) -> bool) {
        for gone in self.connected.extract_if(.., |connected| which(connected)) {
            gone.inbox.lost(AdapterError::new("the hub has ended the connection"));
        }
    }

    /// Publishes a payload of a connection, or of nobody.
    fn publish(&mut self, from: Option<usize>, Parcel { to, payload }: &Parcel) {
        let from = from.and_then(|from| self.connected.iter().find(|it| it.connection == from));
        let from = from.map(|from| (from.index, from.inbox.application().to_owned()));
        for at in 0..self.connected.len() {
            let Connected { index, ref inbox, .. } = self.connected[at];
            let is_for_it = match to {
                Address::Channel(_) => true,
                Address::Node(id) => inbox.node() == *id,
            };
            let hears = |(from, application): &(usize, String)| {
                inbox.application() == application && self.hears(*from, index)
            };
            if is_for_it && from.as_ref().is_none_or(hears) {
                self.deliver(at, index, *to, payload.clone());
            }
        }
    }

    fn hears(&self, from: usize, to: usize) -> bool {
        let Some(groups) = &self.groups else { return true };
        from == to || groups.iter().any(|group| group.contains(&from) && group.contains(&to))
    }

    fn deliver(&mut self, at: usize, index: usize, to: Address, payload: Bytes) {
        if self.happens(self.faults.drop) {
            return;
        }
        let delay = self.faults.delay.mul_f64(self.random());
        let on_its_way = OnItsWay { at: Instant::now() + delay, to, payload };
        let times = if self.happens(self.faults.repeat) { 2 } else { 1 };
        let is_held = self.happens(self.faults.reorder) && !self.held.contains_key(&index);
        let earlier = if is_held { None } else { self.held.remove(&index) };
        let way = &self.connected[at].way;
        // Whoever has just disconnected hears nothing.
        for _ in 0..times {
            if is_held {
                self.held.insert(index, on_its_way.clone());
            } else {
                let _ = way.send(on_its_way.clone());
            }
        }
        if let Some(earlier) = earlier {
            let _ = way.send(earlier);
        }
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random() < probability
    }

    /// Between 0 and 1, by `SplitMix64`.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        f64::from(u32::try_from(mixed >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Hub").field("connected", &state.connected.len()).finish_non_exhaustive()
    }
}
