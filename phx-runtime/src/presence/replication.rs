//! A presence among those of other nodes: what its replica says goes over the cluster, and what the
//! others' say comes to this node's subscribers.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    change::{Change, ReplicaId, Watcher},
    replica::{Entry, Limits, Message, Notice, Output, Replica, To},
    shared::Shared,
};
use crate::{
    cluster::{Answer, ClusterEvent, Messenger, Node, NodeId, Nodes, Port, Service},
    log::{self, Spell},
    message::Topic,
};

/// How often the replica looks at the clock.
const TICK: Duration = Duration::from_millis(500);

/// Bytes of messages that may wait for the task that takes them. What comes beyond is dropped, and
/// asked for again as if it had been lost on its way.
const WAITING: usize = 16 * 1024 * 1024;

/// What a message counts for besides its bytes.
const OVERHEAD: usize = 64;

/// Messages that are taken before what follows from them is sent.
const BATCH: usize = 64;

/// Has a presence follow those of the same name on other nodes, and be followed.
pub(super) fn start(shared: &Arc<Shared>, nodes: &Nodes) {
    let replica = Replica::new(Limits::within(nodes.max_message()), Instant::now());
    let own = Arc::new(Own { replica: Mutex::new(replica), changed: Notify::new() });
    shared.watch(own.clone());
    let name = Name::new(&shared.options.name);
    let (sender, arrivals) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let task = Task {
        presence: Arc::downgrade(shared),
        own,
        name: name.clone(),
        messenger: nodes.messenger(Port::Presence),
        arrivals,
        waiting: waiting.clone(),
        nodes: HashMap::new(),
        ignored: Spell::default(),
    };
    let door = Arc::new(Door {
        name,
        arrivals: sender,
        waiting,
        dropping: Mutex::default(),
        task: Mutex::new(Some(task)),
        next: OnceLock::new(),
    });
    if let Some(before) = nodes.serve(Port::Presence, door.clone()) {
        let _ = door.next.set(before);
    }
    // Those who came before; and who has gone just now without anybody listening here is told to have
    // gone after that.
    let others = nodes.others();
    others.iter().for_each(|node| door.put(Arrival::Event(ClusterEvent::Up(node.clone()))));
    let still = nodes.others();
    for node in others.iter().filter(|node| !still.contains(node)) {
        door.put(Arrival::Event(ClusterEvent::Down(node.clone())));
    }
}

/// What messages of a presence begin with: its name, and the name's length before it.
#[derive(Clone)]
struct Name(Arc<[u8]>);

impl Name {
    fn new(name: &str) -> Self {
        let name = &name.as_bytes()[..name.len().min(usize::from(u8::MAX))];
        let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
        Self([&[len], name].concat().into())
    }

    /// What follows the name in a message of such a presence.
    fn strip<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        body.strip_prefix(&*self.0)
    }
}

/// This node's own entries.
struct Own {
    replica: Mutex<Replica>,
    changed: Notify,
}

impl Watcher for Own {
    fn changed(&self, topic: &Topic, changes: &[Change]) {
        let mut replica = self.replica.lock();
        for change in changes {
            match change {
                Change::Remove { id, .. } => replica.remove(id.number),
                Change::Upsert { key, id, meta } => {
                    let (key, meta) = (key.clone(), meta.clone());
                    let entry = Entry { topic: topic.clone(), key: key.clone(), meta };
                    if !replica.upsert(id.number, entry) {
                        log::presence_too_large(topic, &key);
                    }
                }
            }
        }
        drop(replica);
        self.changed.notify_one();
    }
}

/// Where messages and events of the cluster come in.
struct Door {
    name: Name,
    arrivals: mpsc::UnboundedSender<Arrival>,
    waiting: Arc<AtomicUsize>,
    dropping: Mutex<Spell>,
    /// Until it runs.
    task: Mutex<Option<Task>>,
    /// That of another presence.
    next: OnceLock<Arc<dyn Service>>,
}

enum Arrival {
    Message(NodeId, Bytes),
    Event(ClusterEvent),
}

impl Door {
    fn put(&self, arrival: Arrival) {
        // A first message or event comes from a task of the cluster.
        if let Ok(runtime) = Handle::try_current()
            && let Some(task) = self.task.lock().take()
        {
            runtime.spawn(task.run());
        }
        // There is nobody if the presence is gone.
        let _ = self.arrivals.send(arrival);
    }
}

impl Service for Door {
    fn message(&self, from: NodeId, body: Bytes, answer: Option<Answer>) {
        if self.name.strip(&body).is_none() {
            if let Some(next) = self.next.get() {
                next.message(from, body, answer);
            }
            return;
        }
        let size = body.len() + OVERHEAD;
        if self.waiting.fetch_add(size, Ordering::Relaxed) + size > WAITING {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            log::presence_inbox_full(self.dropping.lock().begins());
            return;
        }
        self.put(Arrival::Message(from, body));
    }

    fn event(&self, event: &ClusterEvent) {
        self.put(Arrival::Event(event.clone()));
        if let Some(next) = self.next.get() {
            next.event(event);
        }
    }
}

/// Takes what arrives, and sends what the replica has to say. It ends with the cluster or with the
/// presence.
struct Task {
    presence: Weak<Shared>,
    own: Arc<Own>,
    name: Name,
    messenger: Messenger,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    waiting: Arc<AtomicUsize>,
    nodes: HashMap<ReplicaId, Node>,
    ignored: Spell,
}

impl Task {
    async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut arrived = Vec::new();
        loop {
            let mut out = Output::default();
            tokio::select! {
                count = self.arrivals.recv_many(&mut arrived, BATCH) => {
                    if count == 0 {
                        return;
                    }
                }
                () = self.own.changed.notified() => {}
                _ = tick.tick() => self.own.replica.lock().tick(Instant::now(), &mut out),
            }
            for arrival in arrived.drain(..) {
                self.arrival(arrival, &mut out);
            }
            self.own.replica.lock().flush(&mut out);
            let Some(presence) = self.presence.upgrade() else { return };
            self.follow(&presence, out);
        }
    }

    fn arrival(&mut self, arrival: Arrival, out: &mut Output) {
        let now = Instant::now();
        match arrival {
            Arrival::Message(from, body) => {
                self.waiting.fetch_sub(body.len() + OVERHEAD, Ordering::Relaxed);
                let message = self.name.strip(&body).unwrap_or_default();
                match Message::read(message) {
                    Ok(message) => {
                        self.own.replica.lock().receive(replica_of(from), message, now, out);
                    }
                    Err(why) => log::presence_message_ignored(from, why, self.ignored.begins()),
                }
            }
            Arrival::Event(ClusterEvent::Up(node)) => {
                self.own.replica.lock().up(replica_of(node.id()), now, out);
                self.nodes.insert(replica_of(node.id()), node);
            }
            Arrival::Event(ClusterEvent::Down(node)) => {
                self.own.replica.lock().down(replica_of(node.id()), out);
            }
            Arrival::Event(ClusterEvent::Gap { node, .. }) => {
                self.own.replica.lock().gap(replica_of(node.id()), now, out);
            }
            Arrival::Event(ClusterEvent::Connected | ClusterEvent::Disconnected) => {}
        }
    }

    /// Does what follows.
    fn follow(&mut self, presence: &Arc<Shared>, mut out: Output) {
        for (topic, changes) in out.take_changes() {
            presence.take_over(&topic, changes);
        }
        for (to, message) in out.messages {
            let mut body = self.name.0.to_vec();
            message.put(&mut body);
            let sent = match to {
                To::All => self.messenger.send_to_all(body.into()),
                To::One(id) => match self.nodes.get(&id) {
                    Some(node) => self.messenger.send(node.id(), body.into()),
                    None => continue,
                },
            };
            if let Err(error) = sent {
                log::presence_untold(error);
            }
        }
        for notice in out.notices {
            self.notice(notice);
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Gone(id, entries) => {
                if let Some(node) = self.nodes.remove(&id) {
                    log::presence_node_gone(node, entries);
                }
            }
            Notice::Behind(id) => {
                if let Some(node) = self.nodes.get(&id) {
                    log::presence_behind(node);
                }
            }
            Notice::Differs(id) => {
                if let Some(node) = self.nodes.get(&id) {
                    log::presence_differs(node);
                }
            }
            Notice::TooMuch(id) => {
                if let Some(node) = self.nodes.get(&id) {
                    log::presence_too_much(node);
                }
            }
        }
    }
}

fn replica_of(node: NodeId) -> ReplicaId {
    ReplicaId(node.get())
}
