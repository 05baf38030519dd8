//! The task that takes what Phoenix nodes say.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::{
    super::{
        pubsub::{Broadcast, BroadcastPayload, Content, NodeName, PubSubMessage, Target},
        term::{Atom, Limits},
        tracker::{Others, Outcome, Outgoing, Own, Presences, TrackerMessage},
    },
    names,
    outgoing::MAX_MESSAGE,
    settings::PresenceSettings,
    shared::Shared,
};
use crate::{
    cluster::{Address, Arrival, Arrivals, ClusterEvent, Ending, Node},
    log::{self, Spell},
    message::{Payload, Topic},
    pubsub,
};

/// Payloads that are taken at a time.
const BATCH: usize = 64;

/// How long to wait for a topic in which much waits already.
const FULL: Duration = Duration::from_millis(1);

/// The module that hands messages of trackers to them.
const PUBSUB: &str = "Elixir.Phoenix.PubSub";

/// How much is read of a message. Everything that a node with many presences has is large.
const LIMITS: Limits = Limits { max_bytes: 32 * 1024 * 1024, max_terms: 2_000_000 };

pub(super) struct Incoming {
    shared: Arc<Shared>,
    /// How the names of nodes begin that this one hears otherwise.
    deaf_to: Option<String>,
    presence: Option<Presence>,
    /// Broadcasts that are handed on together, with the topics whose subscribers get them. Phoenix's
    /// own functions always name the same one inside.
    broadcasts: Vec<(Topic, pubsub::Broadcast)>,
    unreadable: Spell,
    without_json: Spell,
}

/// The part of this node in the presences of Phoenix nodes.
pub(super) struct Presence {
    shards: Vec<Shard>,
    shown: Box<dyn Presences>,
    tick: Interval,
    unusable: Spell,
    crowded: Spell,
}

/// What the trackers of one shard say to each other.
struct Shard {
    topic: String,
    others: Others,
}

impl Presence {
    pub(super) fn new(settings: &PresenceSettings, shown: Box<dyn Presences>) -> Self {
        let mut tick = interval(settings.period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let others =
            |shard| Others::of_shard(shard, settings.shards, settings.is_member, settings.period);
        let shards = (0..).map(others).zip(settings.topics());
        Self {
            shards: shards.map(|(others, topic)| Shard { topic, others }).collect(),
            shown,
            tick,
            unusable: Spell::default(),
            crowded: Spell::default(),
        }
    }
}

impl Incoming {
    pub(super) fn new(
        shared: Arc<Shared>,
        deaf_to: Option<String>,
        presence: Option<Presence>,
    ) -> Self {
        Self {
            shared,
            deaf_to,
            presence,
            broadcasts: Vec::new(),
            unreadable: Spell::default(),
            without_json: Spell::default(),
        }
    }

    pub(super) async fn run(mut self, mut arrivals: Arrivals, mut ending: Ending) {
        let mut arrived = Vec::new();
        let shared = self.shared.clone();
        loop {
            tokio::select! {
                () = arrivals.recv_many(&mut arrived, BATCH) => {}
                () = next_tick(&mut self.presence) => self.tick(),
                () = shared.connected.notified() => {
                    for shard in self.presence.iter_mut().flat_map(|it| &mut it.shards) {
                        shard.others.greet();
                    }
                    self.tick();
                }
                () = ending.begins() => return,
            }
            for Arrival { on, payload } in arrived.drain(..) {
                match on {
                    Address::Channel(_) => self.payload(payload).await,
                    Address::Node(_) => self.shared.standing.echo(),
                }
            }
            self.hand_on().await;
        }
    }

    async fn payload(&mut self, payload: Bytes) {
        let message = match PubSubMessage::decode_within(payload, LIMITS) {
            Ok(Some(message)) => message,
            Ok(None) => return log::phoenix_ignored(),
            Err(error) => return log::phoenix_unreadable(error, self.unreadable.begins()),
        };
        if !message.target.is_for(&self.shared.name) || self.is_deaf_to(&message.target) {
            return;
        }
        match message.content {
            Content::Broadcast(broadcast) => self.broadcast(&message.topic, broadcast),
            Content::Other { message: term, dispatcher } => {
                let mut shards = self.presence.iter().flat_map(|it| &it.shards);
                let shard = shards.position(|shard| shard.topic == message.topic);
                let Some(shard) = shard.filter(|_| dispatcher.as_str() == PUBSUB) else {
                    return log::phoenix_received("other");
                };
                log::phoenix_received("presence");
                // Whatever it changes, it changes after the broadcasts before it.
                self.hand_on().await;
                match TrackerMessage::from_term(&term) {
                    Ok(message) => self.hear(shard, message),
                    Err(error) => log::phoenix_unreadable(error, self.unreadable.begins()),
                }
            }
        }
    }

    /// Whether it is from a node that this one hears otherwise.
    fn is_deaf_to(&self, target: &Target) -> bool {
        match (&self.deaf_to, target) {
            (Some(beginning), Target::Except(NodeName::Binary(name))) => {
                name.starts_with(beginning.as_bytes())
            }
            _ => false,
        }
    }

    fn broadcast(&mut self, topic: &str, broadcast: Broadcast) {
        log::phoenix_received("broadcast");
        if !self.shared.pubsub.wants(topic) {
            return;
        }
        let Broadcast { topic: named, event, payload } = broadcast;
        let payload = match payload {
            BroadcastPayload::Binary(bytes) => Payload::binary(bytes),
            BroadcastPayload::Map(map) => match map.to_json() {
                Ok(json) => Payload::checked_json(json.into()),
                Err(error) => {
                    let is_news = self.without_json.begins();
                    return log::phoenix_without_json(topic, &event, &error, is_news);
                }
            },
        };
        match pubsub::Broadcast::new(Topic::from(named), &event, &payload, None) {
            Ok(made) => self.broadcasts.push((Topic::from(topic), made)),
            Err(error) => log::broadcast_failed(topic, &event, error),
        }
    }

    /// Hands broadcasts to the subscribers here. While more waits in a topic than its subscribers can
    /// take, nothing more is received.
    async fn hand_on(&mut self) {
        for (topic, _) in &self.broadcasts {
            while self.shared.pubsub.is_full(topic) {
                sleep(FULL).await;
            }
        }
        self.shared.pubsub.publish_together_on(self.broadcasts.drain(..));
    }

    fn hear(&mut self, shard: usize, message: TrackerMessage) {
        self.with_shard(shard, |others, own, outcome| {
            others.hear(own, message, Instant::now(), outcome);
        });
    }

    fn tick(&mut self) {
        let shards = self.presence.as_ref().map_or(0, |presence| presence.shards.len());
        for shard in 0..shards {
            self.with_shard(shard, |others, own, outcome| {
                others.tick(own, Instant::now(), outcome);
            });
        }
    }

    /// Has something happen to a shard, and does what follows for the presences.
    fn with_shard(
        &mut self,
        number: usize,
        happens: impl FnOnce(&mut Others, &mut Own, &mut Outcome),
    ) {
        let (Some(presence), Some(own)) = (&mut self.presence, self.shared.own.get(number)) else {
            return;
        };
        let Some(shard) = presence.shards.get_mut(number) else { return };
        let mut outcome = Outcome::default();
        happens(&mut shard.others, &mut own.lock(), &mut outcome);
        let Outcome { changes, send, unusable, too_many_replicas, others_changed } = outcome;
        for error in &unusable {
            log::phoenix_presence_unusable(error, presence.unusable.begins());
        }
        if too_many_replicas {
            log::phoenix_too_many_nodes(presence.crowded.begins());
        }
        // A node is a replica of every shard, each of its own run. It is there with the first.
        if others_changed && number == 0 {
            self.shared.others_are(shard.others.replicas().map(names::node_of).collect());
        }
        let topic = shard.topic.clone();
        log::phoenix_presences(presence.shards.iter().map(|it| it.others.present()).sum());
        if !changes.is_empty() {
            presence.shown.show(changes);
        }
        for outgoing in send {
            self.shared.send_tracker(&topic, outgoing);
        }
    }
}

impl Shared {
    /// The others that have presences are these now.
    fn others_are(&self, nodes: Arc<[Node]>) {
        log::phoenix_nodes(nodes.len());
        let before = std::mem::replace(&mut *self.others.write(), nodes.clone());
        for gone in before.iter().filter(|node| !nodes.contains(node)) {
            self.events.send(ClusterEvent::Down(gone.clone()));
        }
        for new in nodes.iter().filter(|node| !before.contains(node)) {
            self.events.send(ClusterEvent::Up(new.clone()));
        }
    }

    pub(super) fn send_tracker(&self, topic: &str, outgoing: Outgoing) {
        let (target, message) = match outgoing {
            Outgoing::All(message) => (Target::Except(self.name.clone()), message),
            Outgoing::Only(name, message) => (Target::Only(name), message),
        };
        let content = Content::Other { message: message.to_term(), dispatcher: Atom::of(PUBSUB) };
        let message = PubSubMessage { target, topic: topic.to_owned(), content }.to_term().encode();
        if message.len() > MAX_MESSAGE {
            return log::phoenix_presences_too_large(message.len());
        }
        self.outgoing.push(message);
    }
}

/// When the presences have something to do; never if there are none.
async fn next_tick(presence: &mut Option<Presence>) {
    match presence {
        Some(presence) => {
            presence.tick.tick().await;
        }
        None => std::future::pending().await,
    }
}
