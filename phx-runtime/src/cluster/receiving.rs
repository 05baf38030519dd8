//! The task that takes what arrives, and hands it on.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    event::ClusterEvent,
    framing::Entry,
    inbox::{Arrival, Arrivals},
    lifecycle::Ending,
    messages::Answer,
    node::NodeId,
    peers::{Output, Peers},
    shared::Shared,
};
use crate::{
    log::{self, Spell},
    message::Topic,
    pubsub::Broadcast,
    wire::Text,
};

/// How often it is looked who is silent.
const TICK: Duration = Duration::from_millis(250);

/// Payloads that are taken at a time, so that their broadcasts go out together, and the clock is
/// looked at in between.
const BATCH: usize = 64;

/// How long to wait for a topic in which much waits already. Senders on this node are held back then;
/// those of other nodes cannot be, so what they send waits in the inbox, which is bounded.
const FULL: Duration = Duration::from_millis(1);

pub(super) struct Receiving {
    shared: Arc<Shared>,
    peers: Peers,
    arrivals: Arrivals,
    ending: Ending,
    /// Broadcasts that are handed on together.
    broadcasts: Vec<Broadcast>,
    ignored: Spell,
    gaps: Spell,
}

impl Receiving {
    pub(super) fn new(
        shared: Arc<Shared>,
        peers: Peers,
        arrivals: Arrivals,
        ending: Ending,
    ) -> Self {
        let (ignored, gaps) = (Spell::default(), Spell::default());
        Self { shared, peers, arrivals, ending, broadcasts: Vec::new(), ignored, gaps }
    }

    pub(super) async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut arrived, mut outputs) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                () = self.arrivals.recv_many(&mut arrived, BATCH) => {}
                _ = tick.tick() => self.peers.tick(Instant::now(), &mut outputs),
                () = self.ending.begins() => return,
            }
            let now = Instant::now();
            for Arrival { on, payload } in arrived.drain(..) {
                if let Err(why) = self.peers.payload(on, &payload, now, &mut outputs) {
                    log::cluster_payload_ignored(why, self.ignored.begins());
                }
            }
            for output in outputs.drain(..) {
                self.output(output).await;
            }
            self.hand_on().await;
        }
    }

    async fn output(&mut self, output: Output) {
        if let Output::Entry(_, Entry::Broadcast { topic, frame }) = output {
            self.broadcast(&topic, frame);
            return;
        }
        // Whatever else happened, happened after the broadcasts before it.
        self.hand_on().await;
        match output {
            Output::Event(event) => self.event(event),
            Output::Entry(from, entry) => self.entry(from, entry),
            Output::Forgotten(node) => self.shared.outbound.forget(node),
            Output::Greeted => self.shared.greeted.notify_one(),
            Output::Heard => self.shared.standing.echo(),
        }
    }

    fn broadcast(&mut self, topic: &Text, frame: bytes::Bytes) {
        let is_wanted = self.shared.pubsub.wants(topic.as_str());
        log::cluster_received(is_wanted);
        if !is_wanted {
            return;
        }
        match Broadcast::received(Topic::from(topic.as_str()), frame) {
            Ok(broadcast) => self.broadcasts.push(broadcast),
            Err(why) => log::cluster_payload_ignored(why, self.ignored.begins()),
        }
    }

    /// Hands broadcasts to the subscribers here. While more waits in a topic than its subscribers can
    /// take, nothing more is received.
    async fn hand_on(&mut self) {
        if self.broadcasts.is_empty() {
            return;
        }
        for broadcast in &self.broadcasts {
            while self.shared.pubsub.is_full(broadcast.topic()) {
                tokio::time::sleep(FULL).await;
            }
        }
        self.shared.pubsub.publish_together(self.broadcasts.drain(..));
    }

    fn event(&mut self, event: ClusterEvent) {
        match &event {
            ClusterEvent::Up(node) => {
                let others = self.peers.up();
                let same = others.iter().filter(|other| other.name() == node.name()).count() > 1
                    || node.name() == self.shared.this.name();
                log::cluster_node_up(node, others.len(), same);
                *self.shared.others.write() = others.into();
            }
            ClusterEvent::Down(node) => {
                let others = self.peers.up();
                log::cluster_node_down(node, others.len());
                *self.shared.others.write() = others.into();
                self.shared.asks.down(node.id());
            }
            ClusterEvent::Gap { node, missed } => {
                log::cluster_gap(node, *missed, self.gaps.begins());
            }
            ClusterEvent::Connected | ClusterEvent::Disconnected => {}
        }
        self.shared.event(event);
    }

    fn entry(&mut self, from: NodeId, entry: Entry) {
        match entry {
            Entry::Message { port, body } => {
                if let Some(service) = self.shared.service(port) {
                    service.message(from, body, None);
                }
            }
            Entry::Question { id, port, body } => {
                if let Some(service) = self.shared.service(port) {
                    let outbound = self.shared.outbound.clone();
                    service.message(from, body, Some(Answer { outbound, to: from, id }));
                }
            }
            Entry::Answer { id, body } => self.shared.asks.answered(from, id, body),
            Entry::Broadcast { .. } | Entry::Heartbeat(_) | Entry::Goodbye | Entry::Piece(_) => {}
        }
    }
}
