//! A network in which everything goes wrong, decided by a seed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    time::Duration,
};

use smol_str::format_smolstr;
use tokio::time::Instant;

use super::super::{
    super::{
        change::{Change, ReplicaId},
        meta::PresenceMeta,
        tests::dice::Dice,
    },
    Entry, Limits, Message, Notice, Output, Replica, To,
};

/// How much goes wrong, in percent of the messages and in steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) drop: u64,
    pub(super) repeat: u64,
    pub(super) delay: u64,
    pub(super) max_delay: u64,
    /// Changes that are taken out of what arrives, as no engine does it.
    pub(super) mangle: u64,
}

/// How long one step takes.
const STEP: Duration = Duration::from_millis(200);

/// Steps between two signs of life, and without one until a node counts as gone.
const ALIVE_EVERY: u64 = 5;
const DOWN_AFTER: u64 = 25;

/// Small ones, so that pages and forgotten removals are part of every run.
const LIMITS: Limits = Limits { remembered: 4, page_bytes: 4096, page_items: 3, entry_bytes: 4096 };

/// What a node has, or believes that another one has: topic, key and meta by number.
type Entries = BTreeMap<u64, (String, String, String)>;

pub(super) struct Network {
    pub(super) dice: Dice,
    pub(super) faults: Faults,
    /// Pairs of nodes that do not hear each other.
    pub(super) cut: Vec<(usize, usize)>,
    pub(super) nodes: Vec<Option<Node>>,
    /// Whether nothing is ever taken out of what arrives.
    pub(super) is_honest: bool,
    /// Questions that were asked.
    pub(super) wants: usize,
    start: Instant,
    step: u64,
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    sent: u64,
    ids: u64,
}

/// The step in which it arrives, its number, where and from whom.
type OnTheWay = (u64, u64, usize, ReplicaId, Parcel);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Parcel {
    Alive,
    Goodbye,
    Message(Vec<u8>),
}

pub(super) struct Node {
    pub(super) id: ReplicaId,
    replica: Replica,
    truth: Entries,
    numbers: u64,
    /// When which nodes were heard of last; those that are up.
    heard: HashMap<ReplicaId, u64>,
    view: BTreeMap<ReplicaId, Entries>,
}

impl Network {
    pub(super) fn new(seed: u64, nodes: usize) -> Self {
        let mut network = Self {
            dice: Dice::new(seed),
            faults: Faults::default(),
            cut: Vec::new(),
            nodes: Vec::new(),
            is_honest: true,
            wants: 0,
            start: Instant::now(),
            step: 0,
            on_the_way: BinaryHeap::new(),
            sent: 0,
            ids: 0,
        };
        network.nodes.resize_with(nodes, || None);
        (0..nodes).for_each(|place| network.start(place));
        network
    }

    fn now(&self) -> Instant {
        self.start + STEP * u32::try_from(self.step).unwrap()
    }

    /// Starts a node, another one than was there before.
    pub(super) fn start(&mut self, place: usize) {
        self.ids += 1;
        self.nodes[place] = Some(Node {
            id: ReplicaId(self.ids),
            replica: Replica::new(LIMITS, self.now()),
            truth: Entries::new(),
            numbers: 0,
            heard: HashMap::new(),
            view: BTreeMap::new(),
        });
    }

    /// Ends a node without a word.
    pub(super) fn kill(&mut self, place: usize) {
        self.nodes[place] = None;
    }

    /// Ends a node, which tells so.
    pub(super) fn stop(&mut self, place: usize) {
        self.send(place, To::All, &Parcel::Goodbye);
        self.kill(place);
    }

    fn send(&mut self, from: usize, to: To, parcel: &Parcel) {
        let Some(id) = self.nodes[from].as_ref().map(|node| node.id) else { return };
        for place in 0..self.nodes.len() {
            let Some(node) = &self.nodes[place] else { continue };
            let is_cut = self.cut.contains(&(from.min(place), from.max(place)));
            if node.id == id || is_cut || matches!(to, To::One(to) if to != node.id) {
                continue;
            }
            let copies = if self.dice.percent(self.faults.repeat) { 2 } else { 1 };
            for _ in 0..copies {
                if self.dice.percent(self.faults.drop) {
                    continue;
                }
                let late = self.dice.percent(self.faults.delay);
                let delay = if late { self.dice.below(self.faults.max_delay) } else { 0 };
                self.sent += 1;
                let on_the_way = (self.step + 1 + delay, self.sent, place, id, parcel.clone());
                self.on_the_way.push(Reverse(on_the_way));
            }
        }
    }

    /// Does with a node's replica what `act` says, and what follows from it.
    fn with(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Node, Instant, &mut Output),
    ) -> Vec<Change> {
        let (now, mut out) = (self.now(), Output::default());
        let Some(node) = &mut self.nodes[place] else { return Vec::new() };
        act(node, now, &mut out);
        node.replica.flush(&mut out);
        // Digests are for what no network does.
        let differs = out.notices.iter().any(|notice| matches!(notice, Notice::Differs(_)));
        assert!(!(differs && self.is_honest), "{:?} at {place}", out.notices);
        let mut changes = Vec::new();
        for (topic, of_topic) in out.take_changes() {
            for change in of_topic {
                node.apply(topic.as_str(), &change);
                changes.push(change);
            }
        }
        for (to, message) in out.messages {
            self.wants += usize::from(matches!(message, Message::Want(_)));
            let mut bytes = Vec::new();
            message.put(&mut bytes);
            self.send(place, to, &Parcel::Message(bytes));
        }
        changes
    }

    fn arrive(&mut self, place: usize, from: ReplicaId, parcel: Parcel) {
        let (step, mangled) = (self.step, self.dice.percent(self.faults.mangle));
        let changes = self.with(place, |node, now, out| match parcel {
            Parcel::Alive => {
                if node.heard.insert(from, step).is_none() {
                    node.replica.up(from, now, out);
                }
            }
            Parcel::Goodbye => {
                if node.heard.remove(&from).is_some() {
                    node.replica.down(from, out);
                }
            }
            Parcel::Message(bytes) => {
                if let Some(heard) = node.heard.get_mut(&from) {
                    *heard = step;
                    let mut message = Message::read(&bytes).unwrap();
                    if let Message::Feed(feed) = &mut message
                        && mangled
                    {
                        feed.items.pop();
                    }
                    node.replica.receive(from, message, now, out);
                }
            }
        });
        // Nobody who is there is said to have left.
        let owner = self.nodes.iter().flatten().find(|node| node.id == from);
        for change in changes {
            if let (Change::Remove { id, .. }, Some(owner)) = (change, owner)
                && self.is_honest
            {
                assert!(!owner.truth.contains_key(&id.number), "{id:?} left at {place}");
            }
        }
    }

    /// Lets time pass: messages arrive, nodes look at the clock.
    pub(super) fn step(&mut self) {
        self.step += 1;
        let step = self.step;
        while let Some(Reverse((due, ..))) = self.on_the_way.peek()
            && *due <= step
        {
            let Some(Reverse((_, _, place, from, parcel))) = self.on_the_way.pop() else { return };
            self.arrive(place, from, parcel);
        }
        for place in 0..self.nodes.len() {
            self.with(place, |node, now, out| {
                node.heard.retain(|id, heard| {
                    let is_up = *heard + DOWN_AFTER > step;
                    if !is_up {
                        node.replica.down(*id, out);
                    }
                    is_up
                });
                node.replica.tick(now, out);
            });
            if (step + place as u64).is_multiple_of(ALIVE_EVERY) {
                self.send(place, To::All, &Parcel::Alive);
            }
        }
    }

    /// Tracks, updates or untracks somebody on a node.
    pub(super) fn change(&mut self, place: usize) {
        let Some(node) = &self.nodes[place] else { return };
        let count = node.truth.len() as u64;
        let known = self.dice.below(count + 1);
        let known = node.truth.keys().nth(usize::try_from(known).unwrap()).copied();
        let (what, who, value) = (self.dice.below(10), self.dice.below(4), self.dice.next());
        self.with(place, |node, _, _| match (what, known) {
            (0..5, _) | (_, None) => node.upsert(None, who, value),
            (5..7, Some(number)) => node.upsert(Some(number), who, value),
            (_, Some(number)) => {
                node.truth.remove(&number);
                node.replica.remove(number);
            }
        });
    }

    /// Whether every node knows what the others have, and of no others.
    pub(super) fn check(&self) {
        let alive = || self.nodes.iter().flatten();
        for node in alive() {
            let mut truth: BTreeMap<_, _> =
                alive().map(|other| (other.id, other.truth.clone())).collect();
            truth.remove(&node.id);
            truth.retain(|_, entries| !entries.is_empty());
            assert_eq!(node.view, truth, "what {:?} knows, and what is true", node.id);
        }
    }
}

impl Node {
    fn upsert(&mut self, number: Option<u64>, who: u64, value: u64) {
        let number = number.unwrap_or_else(|| {
            self.numbers += 1;
            self.numbers
        });
        let place = self.truth.get(&number).map(|(topic, key, _)| (topic.clone(), key.clone()));
        let (topic, key) = place.unwrap_or_else(|| (format!("room:{}", who % 2), format!("{who}")));
        let meta = format!(r#"{{"phx_ref":"{value:x}"}}"#);
        self.truth.insert(number, (topic.clone(), key.clone(), meta.clone()));
        let (topic, key) = (topic.into(), format_smolstr!("{key}"));
        let meta = PresenceMeta::received(&meta).unwrap();
        assert!(self.replica.upsert(number, Entry { topic, key, meta }));
    }

    /// As a client would.
    fn apply(&mut self, topic: &str, change: &Change) {
        match change {
            Change::Upsert { key, id, meta } => {
                let entry = (topic.to_owned(), key.to_string(), meta.as_json().to_owned());
                let entries = self.view.entry(id.replica).or_default();
                let before = entries.insert(id.number, entry.clone());
                assert_ne!(before, Some(entry), "nothing has changed");
            }
            Change::Remove { key, id } => {
                let entries = self.view.get_mut(&id.replica).expect("who leaves was there");
                let (of_topic, of_key, _) =
                    entries.remove(&id.number).expect("who leaves was there");
                assert_eq!((of_topic.as_str(), of_key.as_str()), (topic, key.as_str()));
                if entries.is_empty() {
                    self.view.remove(&id.replica);
                }
            }
        }
    }
}
