//! Replicas over a network that loses, repeats and delays what they say to each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng},
};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::super::term::Map;
use super::{message::*, *};
use crate::{
    message::Topic,
    phoenix::{NodeName, Term},
};

/// A node: its presences, and what its clients are shown of the others'.
struct Node {
    name: NodeName,
    vsn: i64,
    own: Own,
    others: Others,
    /// What it tracks: the meta of each entry.
    tracked: BTreeMap<u64, u64>,
    shown: BTreeMap<(u64, u64), String>,
    next_entry: u64,
    is_up: bool,
}

fn replica(name: &NodeName, vsn: i64) -> Replica {
    Replica { name: name.clone(), vsn: vsn.into() }
}

fn raw(json: String) -> Arc<RawValue> {
    RawValue::from_string(json).unwrap().into()
}

fn own(name: &str, vsn: i64) -> Own {
    Own::new(replica(&NodeName::from(name), vsn), 1)
}

impl Node {
    fn new(number: usize) -> Self {
        let name = NodeName::from(&*format!("node-{number}"));
        let own = Own::new(replica(&name, 1), 1);
        Self {
            name,
            vsn: 1,
            own,
            others: Others::new(true, PERIOD),
            tracked: BTreeMap::new(),
            shown: BTreeMap::new(),
            next_entry: 0,
            is_up: true,
        }
    }

    /// Everything is forgotten.
    fn restart(&mut self) {
        self.vsn += 1;
        self.own = Own::new(replica(&self.name, self.vsn), 1);
        self.others = Others::new(true, PERIOD);
        self.tracked.clear();
        self.shown.clear();
        self.is_up = true;
    }

    fn track(&mut self) {
        self.next_entry += 1;
        self.upsert(self.next_entry);
    }

    fn upsert(&mut self, entry: u64) {
        let version = self.tracked.get(&entry).map_or(0, |version| version + 1);
        let meta = raw(format!(r#"{{"v":{version},"phx_ref":"{entry}-{version}"}}"#));
        let topic = Topic::from(format!("room:{}", entry % 3));
        self.own.upsert(entry, &topic, &format!("{}", entry % 5).into(), &meta).unwrap();
        self.tracked.insert(entry, version);
    }

    fn untrack(&mut self, entry: u64) {
        self.own.remove(entry);
        self.tracked.remove(&entry);
    }

    /// Shows what changed. That clients are told nothing twice is checked on the way.
    fn show(&mut self, outcome: Outcome) -> Vec<Outgoing> {
        assert!(outcome.unusable.is_empty(), "{:?}", outcome.unusable);
        for Change { replica, clock, topic, key, joined } in outcome.changes {
            let id = (replica, clock);
            match joined {
                Some(shown) => {
                    let text = format!("{topic} {key} {}", shown.reference);
                    assert_eq!(self.shown.insert(id, text), None, "joined twice");
                }
                None => assert!(self.shown.remove(&id).is_some(), "left without being there"),
            }
        }
        outcome.send
    }

    fn hear(&mut self, message: TrackerMessage, now: Instant) -> Vec<Outgoing> {
        let mut outcome = Outcome::default();
        self.others.hear(&self.own, message, now, &mut outcome);
        self.show(outcome)
    }

    fn tick(&mut self, now: Instant) -> Vec<Outgoing> {
        let mut outcome = Outcome::default();
        self.others.tick(&mut self.own, now, &mut outcome);
        self.show(outcome)
    }

    fn own_shown(&self) -> impl Iterator<Item = String> {
        let shown = |(entry, version): (&u64, &u64)| {
            format!("room:{} {} {entry}-{version}", entry % 3, entry % 5)
        };
        self.tracked.iter().map(shown)
    }
}

struct World {
    nodes: Vec<Node>,
    now: Instant,
    /// What is under way: to whom, and when it is there.
    network: Vec<(Instant, usize, Vec<u8>)>,
    rng: TestRng,
    /// Of 100 messages so many are lost, and as many repeated.
    trouble: u32,
}

impl World {
    fn new(nodes: usize, seed: u64, trouble: u32) -> Self {
        let bytes: Vec<u8> = (0..4).flat_map(|part| (seed + part).to_le_bytes()).collect();
        Self {
            nodes: (0..nodes).map(Node::new).collect(),
            now: Instant::now(),
            network: Vec::new(),
            rng: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
            trouble,
        }
    }

    fn random(&mut self, below: usize) -> usize {
        usize::try_from(self.rng.next_u64() % u64::try_from(below).unwrap()).unwrap()
    }

    fn in_trouble(&mut self) -> bool {
        self.rng.next_u32() % 100 < self.trouble
    }

    fn send(&mut self, from: usize, outgoing: Vec<Outgoing>) {
        for outgoing in outgoing {
            let (only, message) = match outgoing {
                Outgoing::All(message) => (None, message),
                Outgoing::Only(name, message) => (Some(name), message),
            };
            let bytes = message.to_term().encode();
            for to in 0..self.nodes.len() {
                let is_meant = only.as_ref().is_none_or(|name| self.nodes[to].name == *name);
                if to == from || !is_meant || self.in_trouble() {
                    continue;
                }
                let copies = if self.in_trouble() { 2 } else { 1 };
                for _ in 0..copies {
                    let delay = if self.in_trouble() { self.random(20_000) } else { 1 };
                    let delay = Duration::from_millis(u64::try_from(delay).unwrap());
                    self.network.push((self.now + delay, to, bytes.clone()));
                }
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(at) = self.network.iter().position(|(due, ..)| *due <= self.now) {
            let (_, to, bytes) = self.network.remove(at);
            if self.nodes[to].is_up {
                let message = TrackerMessage::from_term(&Term::decode(bytes).unwrap()).unwrap();
                let answers = self.nodes[to].hear(message, self.now);
                self.send(to, answers);
            }
        }
    }

    fn period(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].is_up {
                let said = self.nodes[node].tick(self.now);
                self.send(node, said);
            }
        }
        for _ in 0..3 {
            self.now += PERIOD / 3;
            self.deliver();
        }
    }

    fn something_happens(&mut self) {
        let node = self.random(self.nodes.len());
        let entry = self.random(8);
        let choice = self.random(20);
        let node = &mut self.nodes[node];
        if !node.is_up {
            if choice == 0 {
                node.restart();
            }
            return;
        }
        let entry = node.tracked.keys().nth(entry).copied();
        match (choice, entry) {
            (0, _) => node.is_up = false,
            (1, _) => node.restart(),
            (2..8, Some(entry)) => node.untrack(entry),
            (8..12, Some(entry)) => node.upsert(entry),
            _ => node.track(),
        }
    }

    #[track_caller]
    fn assert_converged(&self) {
        for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_up) {
            let others = self.nodes.iter().enumerate();
            let others = others.filter(|(other, it)| *other != index && it.is_up);
            let mut expected: Vec<String> = others.flat_map(|(_, it)| it.own_shown()).collect();
            let mut shown: Vec<String> = node.shown.values().cloned().collect();
            expected.sort();
            shown.sort();
            assert_eq!(shown, expected, "what node {index} shows");
            assert_eq!(node.others.present(), shown.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_repeated_or_late_all_see_the_same_in_the_end(
        seed in any::<u32>(),
        nodes in 2..5_usize,
        trouble in 0..60_u32,
        periods in 1..60_usize,
    ) {
        let mut world = World::new(nodes, seed.into(), trouble);
        for _ in 0..periods {
            for _ in 0..world.random(6) {
                world.something_happens();
            }
            world.period();
        }
        // Peace: who is down is found to be, and everything late has come.
        world.trouble = 0;
        for _ in 0..70 {
            world.period();
        }
        world.assert_converged();
    }
}

#[test]
fn without_losses_a_change_is_seen_in_the_next_period_and_nobody_asks_for_it() {
    let mut world = World::new(3, 7, 0);
    world.period();
    for round in 0..50 {
        world.nodes[round % 3].track();
        if round % 4 == 3 {
            let entry = *world.nodes[round % 3].tracked.keys().next().unwrap();
            world.nodes[round % 3].upsert(entry);
        }
        world.period();
        world.assert_converged();
    }
    assert_eq!(world.nodes[0].others.questions(), 0);
}

#[test]
fn who_starts_late_asks_once_and_sees_everything_at_once() {
    let mut world = World::new(2, 7, 0);
    for _ in 0..30 {
        world.nodes[0].track();
        world.period();
    }
    world.nodes[1].restart();
    world.period();
    world.period();
    world.assert_converged();
    assert_eq!(world.nodes[1].others.questions(), 1);
}

#[test]
fn who_missed_more_than_is_kept_gets_everything() {
    let mut node = Node::new(0);
    let mut asked = Node::new(1);
    node.track();
    node.tick(Instant::now());
    for _ in 0..6_000 {
        node.track();
        let last = node.next_entry;
        node.untrack(last);
    }
    let told = node.tick(Instant::now());
    assert_eq!(told.len(), 3, "12,000 changes in messages of 5,000");
    assert!(matches!(node.own.since(2_001), Transfer::Delta(_)));
    let Transfer::Whole(whole) = node.own.since(0) else { panic!("more than is kept") };
    let answer = TrackerMessage::TransferAnswer {
        reference: node.own.reference(1),
        replica: node.own.replica().clone(),
        transfer: Transfer::Whole(whole),
    };
    // Who was told of everything but the first two messages lacks the first presence.
    let Outgoing::All(last) = told[2].clone() else { panic!("it is for all") };
    let question = asked.hear(last, Instant::now());
    assert!(matches!(question[..], [Outgoing::Only(..)]), "{question:?}");
    assert!(asked.shown.is_empty());
    asked.hear(answer, Instant::now());
    assert_eq!(asked.shown.len(), 1);
    assert!(asked.tick(Instant::now() + PERIOD).iter().all(|it| matches!(it, Outgoing::All(_))));
}

#[test]
fn the_silent_leave_after_30_seconds_and_those_who_say_goodbye_at_once() {
    let mut world = World::new(3, 7, 0);
    world.nodes[0].track();
    world.nodes[1].track();
    world.period();
    world.nodes[0].is_up = false;
    for _ in 0..19 {
        world.period();
    }
    assert_eq!(world.nodes[2].shown.len(), 2);
    world.period();
    world.period();
    world.assert_converged();
    let goodbye = Others::goodbye(&world.nodes[1].own);
    world.nodes[1].is_up = false;
    world.send(1, vec![goodbye]);
    world.now += PERIOD;
    world.deliver();
    world.assert_converged();
    assert_eq!(world.nodes[2].others.len(), 0);
}

#[test]
fn a_replica_is_heard_at_least_every_15_seconds() {
    let mut node = Node::new(0);
    let mut now = Instant::now();
    let heartbeats: Vec<usize> = (0..21)
        .map(|_| {
            now += PERIOD;
            node.tick(now).len()
        })
        .collect();
    let heard: Vec<usize> = (0..21).filter(|period| heartbeats[*period] > 0).collect();
    assert_eq!(heard, [0, 10, 20]);
}

#[test]
fn a_new_run_of_a_node_takes_the_place_of_the_old_one_and_what_that_said_comes_too_late() {
    let mut watching = Node::new(9);
    let now = Instant::now();
    let run = |vsn| {
        let mut own = own("a", vsn);
        let meta = raw(format!(r#"{{"phx_ref":"r{vsn}"}}"#));
        own.upsert(1, &"room:1".into(), &"ann".into(), &meta).unwrap();
        let (delta, clocks) = own.untold().unwrap();
        TrackerMessage::Heartbeat { replica: own.replica().clone(), delta: Some(delta), clocks }
    };
    watching.hear(run(1), now);
    assert!(watching.shown.values().eq(["room:1 ann r1"]));
    watching.hear(run(2), now);
    assert!(watching.shown.values().eq(["room:1 ann r2"]));
    watching.hear(run(1), now);
    watching.hear(TrackerMessage::GracefulStop { replica: own("a", 1).replica().clone() }, now);
    assert!(watching.shown.values().eq(["room:1 ann r2"]));
}

#[test]
fn a_replica_says_nothing_of_others_and_is_not_believed_about_them() {
    let mut node = Node::new(0);
    let now = Instant::now();
    let mut liar = own("liar", 1);
    liar.upsert(1, &"room:1".into(), &"ann".into(), &raw(r#"{"phx_ref":"r"}"#.into())).unwrap();
    let (mut delta, clocks) = liar.untold().unwrap();
    let victim = own("victim", 1).replica().clone();
    let tag = |clock| Tag { replica: victim.clone(), clock };
    let tracked = delta.values.values().next().unwrap().clone();
    delta.values.insert(tag(5), tracked);
    delta.clouds.insert(victim.clone(), BTreeSet::from([tag(1), tag(5)]));
    delta.context.insert(victim.clone(), 9);
    let replica = liar.replica().clone();
    node.hear(TrackerMessage::Heartbeat { replica, delta: Some(delta), clocks }, now);
    assert_eq!(node.shown.len(), 1);
    assert_eq!(node.others.len(), 1);
    node.track();
    for outgoing in node.tick(now) {
        let Outgoing::All(TrackerMessage::Heartbeat { clocks, .. }) = outgoing else { panic!() };
        assert!(clocks.keys().eq([node.own.replica()]));
    }
}

#[test]
fn who_only_follows_says_nothing_of_itself_and_sees_everything() {
    let mut follower = Node::new(0);
    follower.others = Others::new(false, PERIOD);
    let mut node = Node::new(1);
    let now = Instant::now();
    node.track();
    // The first message is lost.
    node.tick(now);
    node.track();
    let mut questions = Vec::new();
    for outgoing in node.tick(now) {
        let Outgoing::All(heartbeat) = outgoing else { panic!() };
        questions.extend(follower.hear(heartbeat, now));
    }
    let [Outgoing::Only(_, question)] = &questions[..] else { panic!("{questions:?}") };
    let answers = node.hear(question.clone(), now);
    let [Outgoing::Only(_, answer)] = &answers[..] else { panic!("{answers:?}") };
    follower.hear(answer.clone(), now);
    assert_eq!(follower.shown.len(), 2);
    assert!(follower.tick(now).is_empty());
    assert!(follower.hear(question.clone(), now).is_empty(), "it has nothing to hand over");
}

#[test]
fn a_presence_that_cannot_be_shown_costs_itself_alone() {
    let mut node = Node::new(0);
    let mut other = own("other", 1);
    for entry in 1..=5 {
        let meta = raw(r#"{"phx_ref":"r"}"#.into());
        other.upsert(entry, &"room:1".into(), &"ann".into(), &meta).unwrap();
    }
    let (mut delta, clocks) = other.untold().unwrap();
    let mut values = delta.values.values_mut();
    values.next().unwrap().meta = Map::default();
    values.next().unwrap().key = Term::Tuple(vec![]);
    let tuple = ("a", Term::Tuple(vec![]));
    values.next().unwrap().meta = Map::of([("phx_ref", "r".into()), tuple]);
    values.next().unwrap().meta =
        Map::of([("phx_ref", "r".into()), ("__struct__", Term::atom("Elixir.MyApp.User"))]);
    let replica = other.replica().clone();
    let heartbeat = TrackerMessage::Heartbeat { replica, delta: Some(delta), clocks };
    let mut outcome = Outcome::default();
    node.others.hear(&node.own, heartbeat, Instant::now(), &mut outcome);
    assert_eq!(outcome.unusable.len(), 4);
    assert_eq!(outcome.changes.len(), 1);
    assert!(outcome.send.is_empty());
}

#[test]
fn a_meta_has_its_references_under_atoms_and_all_else_under_strings() {
    let mut node = own("a", 1);
    let meta = raw(r#"{"phx_ref":"r2","phx_ref_prev":"r1","name":{"phx_ref":1}}"#.into());
    node.upsert(70_000, &"room:1".into(), &"ann".into(), &meta).unwrap();
    let (delta, _) = node.untold().unwrap();
    let tracked = delta.values.values().next().unwrap();
    let inner = Map::new(vec![("phx_ref".into(), 1.into())]).unwrap();
    let expected = vec![
        (Term::atom("phx_ref"), "r2".into()),
        (Term::atom("phx_ref_prev"), "r1".into()),
        ("name".into(), inner.into()),
    ];
    assert_eq!(tracked.meta, Map::new(expected).unwrap());
    let Term::Pid(pid) = &tracked.pid else { panic!("{:?}", tracked.pid) };
    assert_eq!((pid.number, pid.serial, pid.creation), (70_000 - 65_536, 2, 1));
    node.upsert(70_000, &"room:1".into(), &"ann".into(), &meta).unwrap();
    assert!(node.untold().is_none(), "nothing has changed");
    let huge = raw(r#"{"phx_ref":"r3","n":1e999}"#.into());
    assert!(node.upsert(70_000, &"room:1".into(), &"ann".into(), &huge).is_err());
    assert!(node.untold().unwrap().0.values.is_empty(), "the old meta is gone");
}
