//! What holds for any messages that trackers of other nodes may send, as a function that panics where
//! it does not.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{
    super::{
        pubsub::NodeName,
        term::{Map, Reference, Term},
    },
    message::{Clocks, Replica, Tag, Tracked, TrackerMessage, TrackerState, Transfer},
    others::{Others, Outcome, Outgoing},
    own::Own,
};

const PERIOD: Duration = Duration::from_secs(1);

/// After so many periods without a word nobody else is there.
const LONG: u32 = 100;

/// Messages of some nodes in some runs, this one among them, and time that passes between. Who leaves was
/// there, and nobody joins twice; this node's own presences are nobody else's to change; what is
/// answered is a message, and never to itself; and when all fall silent, nobody is left.
pub(crate) fn messages(bytes: &[u8]) {
    let mut source = Source(bytes);
    let mut now = Instant::now();
    let own_replica = replica(0, 1);
    let mut own = Own::new(own_replica.clone(), 1);
    let mut others = Others::new(true, PERIOD);
    let mut there = BTreeMap::new();
    while !source.0.is_empty() {
        let mut outcome = Outcome::default();
        if let Some(message) = source.message() {
            others.hear(&own, message, now, &mut outcome);
        } else {
            now += PERIOD * u32::from(source.below(40));
            others.tick(&mut own, now, &mut outcome);
        }
        follow(outcome, &own_replica, &mut there);
        assert_eq!(others.present(), there.len());
        assert_eq!(own.clock(), 0, "nothing is tracked here");
    }
    for _ in 0..2 {
        now += LONG * PERIOD;
        let mut outcome = Outcome::default();
        others.tick(&mut own, now, &mut outcome);
        follow(outcome, &own_replica, &mut there);
    }
    assert_eq!(there, BTreeMap::new(), "all are silent");
    assert_eq!(others.replicas().count(), 0);
}

/// Presences by the replica and the clock that they are known by.
type There = BTreeMap<(u64, u64), (String, String)>;

fn follow(outcome: Outcome, own: &Replica, there: &mut There) {
    for change in outcome.changes {
        let id = (change.replica, change.clock);
        let place = (change.topic.to_string(), change.key.to_string());
        match change.joined {
            Some(_) => assert_eq!(there.insert(id, place), None, "{id:?} joins twice"),
            None => assert_eq!(there.remove(&id), Some(place), "{id:?} leaves"),
        }
    }
    for outgoing in outcome.send {
        let message = match outgoing {
            Outgoing::All(message) => message,
            Outgoing::Only(name, message) => {
                assert_ne!(name, own.name);
                message
            }
        };
        assert_eq!(TrackerMessage::from_term(&message.to_term()).as_ref(), Ok(&message));
    }
}

fn replica(name: u8, vsn: u8) -> Replica {
    Replica { name: NodeName::from(&*format!("node-{name}")), vsn: i64::from(vsn).into() }
}

/// Bytes that say what happens.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    /// A number below another one; zero at the end.
    fn below(&mut self, end: u8) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first % end
    }

    /// None if time passes.
    fn message(&mut self) -> Option<TrackerMessage> {
        let kind = self.below(8);
        let replica = replica(self.below(4), self.below(3));
        Some(match kind {
            0 => return None,
            1 => return self.raw(),
            2..=4 => {
                let delta = (self.below(4) > 0).then(|| self.state(&replica));
                TrackerMessage::Heartbeat { delta, clocks: self.clocks(), replica }
            }
            5 => TrackerMessage::TransferRequest {
                reference: reference(),
                clocks: self.clocks(),
                replica,
            },
            6 => {
                let state = self.state(&replica);
                let is_whole = self.below(2) == 0;
                let transfer =
                    if is_whole { Transfer::Whole(state) } else { Transfer::Delta(state) };
                TrackerMessage::TransferAnswer { reference: reference(), replica, transfer }
            }
            _ => TrackerMessage::GracefulStop { replica },
        })
    }

    /// Whatever the next bytes are, if they are a message.
    fn raw(&mut self) -> Option<TrackerMessage> {
        let length = usize::from(self.below(u8::MAX)) * 8;
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        TrackerMessage::from_term(&Term::decode(bytes.to_vec()).ok()?).ok()
    }

    /// What a replica says, as a rule of itself.
    fn state(&mut self, sender: &Replica) -> TrackerState {
        let mut state = TrackerState {
            replica: sender.clone(),
            context: if self.below(3) == 0 { self.clocks() } else { Clocks::new() },
            clouds: BTreeMap::new(),
            values: BTreeMap::new(),
            range: (self.below(2) == 0).then(|| (self.clocks(), self.clocks())),
            statuses: BTreeMap::new(),
        };
        for _ in 0..self.below(6) {
            let of = match self.below(8) {
                0 => replica(self.below(4), self.below(3)),
                _ => sender.clone(),
            };
            let tag = Tag { replica: of.clone(), clock: self.clock() };
            if self.below(3) > 0 {
                state.values.insert(tag.clone(), self.tracked());
            }
            if self.below(5) > 0 {
                state.clouds.entry(of).or_default().insert(tag);
            }
        }
        state
    }

    fn clocks(&mut self) -> Clocks {
        let count = self.below(3);
        (0..count).map(|_| (replica(self.below(4), self.below(3)), self.clock())).collect()
    }

    /// Mostly a small one.
    fn clock(&mut self) -> u64 {
        match self.below(32) {
            31 => u64::MAX - u64::from(self.below(2)),
            clock => clock.into(),
        }
    }

    fn tracked(&mut self) -> Tracked {
        let reference = match self.below(8) {
            0 => Vec::new(),
            1 => vec![(Term::atom("phx_ref"), Term::atom("no_text"))],
            _ => vec![(Term::atom("phx_ref"), Term::text("a reference"))],
        };
        let key = match self.below(8) {
            // Has no JSON form.
            0 => Term::Tuple(Vec::new()),
            key => Term::text(format!("key-{key}")),
        };
        Tracked {
            pid: Term::atom("pid"),
            topic: format!("topic-{}", self.below(3)),
            key,
            meta: Map::new(reference).unwrap_or_default(),
        }
    }
}

fn reference() -> Reference {
    Reference { node: super::super::term::Atom::of("node"), creation: 1, words: vec![1, 2, 3] }
}
