//! The task that takes what Phoenix nodes say.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::{
    super::{
        pubsub::{Broadcast, BroadcastPayload, Content, NodeName, PubSubMessage, Target},
        term::{Atom, Limits},
        tracker::{Others, Outcome, Outgoing, Presences, TrackerMessage},
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
    topic: String,
    others: Others,
    shown: Box<dyn Presences>,
    tick: Interval,
    unusable: Spell,
    crowded: Spell,
}

impl Presence {
    pub(super) fn new(settings: &PresenceSettings, shown: Box<dyn Presences>) -> Self {
        let mut tick = interval(settings.period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            topic: presence_topic(&settings.module),
            others: Others::new(settings.is_member, settings.period),
            shown,
            tick,
            unusable: Spell::default(),
            crowded: Spell::default(),
        }
    }
}

/// The topic of the first shard, which is the only one unless an option says otherwise.
pub(super) fn presence_topic(module: &str) -> String {
    let name = module.strip_prefix(':').map_or_else(|| format!("Elixir.{module}"), str::to_owned);
    format!("phx_presence:{name}_shard0")
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
                    if let Some(presence) = &mut self.presence {
                        presence.others.greet();
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
                let presence = self.presence.as_ref();
                let is_presence = presence.is_some_and(|it| it.topic == message.topic);
                if !is_presence || dispatcher.as_str() != PUBSUB {
                    return log::phoenix_received("other");
                }
                log::phoenix_received("presence");
                // Whatever it changes, it changes after the broadcasts before it.
                self.hand_on().await;
                match TrackerMessage::from_term(&term) {
                    Ok(message) => self.hear(message),
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
        if self.shared.pubsub.subscribers(topic) == 0 {
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

    fn hear(&mut self, message: TrackerMessage) {
        let Some(presence) = &mut self.presence else { return };
        let mut outcome = Outcome::default();
        presence.others.hear(&self.shared.own.lock(), message, Instant::now(), &mut outcome);
        self.follow(outcome);
    }

    fn tick(&mut self) {
        let Some(presence) = &mut self.presence else { return };
        let mut outcome = Outcome::default();
        presence.others.tick(&mut self.shared.own.lock(), Instant::now(), &mut outcome);
        self.follow(outcome);
    }

    /// Does what follows for the presences.
    fn follow(&mut self, outcome: Outcome) {
        let Some(presence) = &mut self.presence else { return };
        let Outcome { changes, send, unusable, too_many_replicas, others_changed } = outcome;
        for error in &unusable {
            log::phoenix_presence_unusable(error, presence.unusable.begins());
        }
        if too_many_replicas {
            log::phoenix_too_many_nodes(presence.crowded.begins());
        }
        if others_changed {
            let nodes = presence.others.replicas().map(names::node_of).collect();
            self.shared.others_are(nodes);
        }
        log::phoenix_presences(presence.others.present());
        let topic = presence.topic.clone();
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
