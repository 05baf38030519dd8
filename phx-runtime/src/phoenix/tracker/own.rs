//! The presences of this node, as a replica has them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::{
    super::term::{Atom, FromJsonError, Map, Pid, Reference, Term},
    message::{Clocks, Replica, Tag, Tracked, TrackerState, Transfer},
};
use crate::message::Topic;

/// Changes that are kept for replicas that missed some. Who missed more gets everything.
const KEPT: usize = 10_000;
/// Changes that are told in one message. Redis cuts off who has more than a few megabytes to read.
const MOST_TOLD: u64 = 5_000;

/// The node in the identifiers that are made here. It is the same everywhere, since each atom stays
/// in the memory of all Phoenix nodes.
const NODE: Atom = Atom::of("phx@outside");

/// The metas' keys that Phoenix looks for as atoms.
const REFERENCES: [&str; 2] = ["phx_ref", "phx_ref_prev"];

/// A replica's own presences: it alone changes them.
#[derive(Debug)]
pub(crate) struct Own {
    replica: Replica,
    /// Tells the processes of this node from those of others in their identifiers.
    creation: u32,
    clock: u64,
    /// By the clock of their tags.
    present: BTreeMap<u64, Present>,
    /// The clock of each entry's tag.
    clocks: HashMap<u64, u64>,
    /// What each of the last steps of the clock took away: the clock of a tag.
    steps: VecDeque<Option<u64>>,
    /// Up to which clock all others were told.
    told: u64,
}

#[derive(Debug)]
struct Present {
    entry: u64,
    topic: Topic,
    key: SmolStr,
    meta: Arc<RawValue>,
}

impl Own {
    /// Nobody is present. `creation` is a random number.
    pub(crate) fn new(replica: Replica, creation: u32) -> Self {
        Self {
            replica,
            creation,
            clock: 0,
            present: BTreeMap::new(),
            clocks: HashMap::new(),
            steps: VecDeque::new(),
            told: 0,
        }
    }

    pub(super) fn replica(&self) -> &Replica {
        &self.replica
    }

    pub(super) fn clock(&self) -> u64 {
        self.clock
    }

    /// Adds an entry, or gives it another meta, which is a JSON object with a `phx_ref`.
    ///
    /// # Errors
    ///
    /// A number in the meta is too large for Erlang. Then the entry is not there.
    pub(crate) fn upsert(
        &mut self,
        entry: u64,
        topic: &Topic,
        key: &SmolStr,
        meta: &Arc<RawValue>,
    ) -> Result<(), FromJsonError> {
        let before = self.clocks.get(&entry).and_then(|clock| self.present.get(clock));
        if before.is_some_and(|before| before.meta.get() == meta.get()) {
            // Told again, it would leave with the `phx_ref` that it joins with.
            return Ok(());
        }
        self.remove(entry);
        meta_term(meta)?;
        self.step(None);
        self.clocks.insert(entry, self.clock);
        let (topic, key, meta) = (topic.clone(), key.clone(), meta.clone());
        self.present.insert(self.clock, Present { entry, topic, key, meta });
        Ok(())
    }

    /// Takes an entry away, if it is there.
    pub(crate) fn remove(&mut self, entry: u64) {
        if let Some(clock) = self.clocks.remove(&entry) {
            self.present.remove(&clock);
            self.step(Some(clock));
        }
    }

    fn step(&mut self, removed: Option<u64>) {
        self.clock += 1;
        self.steps.push_back(removed);
    }

    /// Forgets old changes, but none that is still to be told.
    fn forget(&mut self) {
        let untold = usize::try_from(self.clock - self.told).unwrap_or(usize::MAX);
        let surplus = self.steps.len().saturating_sub(KEPT.max(untold));
        self.steps.drain(..surplus);
    }

    /// The clock before the first change that is kept.
    fn kept_from(&self) -> u64 {
        self.clock - u64::try_from(self.steps.len()).unwrap_or(self.clock)
    }

    /// The next changes that others are to be told, if there are any.
    pub(super) fn untold(&mut self) -> Option<(TrackerState, Clocks)> {
        if self.told == self.clock {
            return None;
        }
        let until = self.clock.min(self.told + MOST_TOLD);
        let delta = self.delta(self.told, until);
        self.told = until;
        self.forget();
        Some((delta, self.clocks_at(until)))
    }

    /// What the replica states of itself. Of others it states nothing: it could not hand it over.
    pub(super) fn clocks(&self) -> Clocks {
        self.clocks_at(self.told)
    }

    fn clocks_at(&self, clock: u64) -> Clocks {
        Clocks::from([(self.replica.clone(), clock)])
    }

    /// What somebody lacks who has heard everything up to a clock.
    pub(super) fn since(&self, clock: u64) -> Transfer {
        if (self.kept_from()..=self.clock).contains(&clock) {
            return Transfer::Delta(self.delta(clock, self.clock));
        }
        Transfer::Whole(TrackerState {
            replica: self.replica.clone(),
            context: self.clocks_at(self.clock),
            clouds: BTreeMap::new(),
            values: self.values(0, self.clock),
            range: None,
            statuses: BTreeMap::new(),
        })
    }

    /// The changes after one clock, up to another one; all of them are kept.
    fn delta(&self, from: u64, to: u64) -> TrackerState {
        let skipped = usize::try_from(from - self.kept_from()).unwrap_or(usize::MAX);
        let steps = (from + 1..=to).zip(self.steps.iter().skip(skipped));
        let clocks = steps.flat_map(|(clock, removed)| [Some(clock), *removed]).flatten();
        let tags = clocks.map(|clock| self.tag(clock)).collect();
        TrackerState {
            replica: self.replica.clone(),
            context: Clocks::new(),
            clouds: BTreeMap::from([(self.replica.clone(), tags)]),
            values: self.values(from, to),
            range: Some((self.clocks_at(from), self.clocks_at(to))),
            statuses: BTreeMap::new(),
        }
    }

    fn values(&self, from: u64, to: u64) -> BTreeMap<Tag, Tracked> {
        let present = self.present.range(from + 1..).take_while(|(clock, _)| **clock <= to);
        present.filter_map(|(clock, it)| Some((self.tag(*clock), self.tracked(it)?))).collect()
    }

    fn tag(&self, clock: u64) -> Tag {
        Tag { replica: self.replica.clone(), clock }
    }

    /// Never none: the meta was seen to be a term.
    fn tracked(&self, present: &Present) -> Option<Tracked> {
        Some(Tracked {
            pid: Term::Pid(Box::new(self.pid(present.entry))),
            topic: present.topic.to_string(),
            key: Term::text(present.key.as_str()),
            meta: meta_term(&present.meta).ok()?,
        })
    }

    /// An identifier for each entry, within the bits that any Erlang allows.
    fn pid(&self, entry: u64) -> Pid {
        const NUMBERS: u64 = 1 << 15;
        const SERIALS: u64 = 1 << 13;
        let part = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let round = entry / NUMBERS / SERIALS;
        Pid {
            node: NODE,
            number: part(entry % NUMBERS),
            serial: part(entry / NUMBERS % SERIALS),
            creation: self.creation.wrapping_add(part(round)),
        }
    }

    /// A reference for a question.
    pub(super) fn reference(&self, number: u32) -> Reference {
        // The first word has 18 bits.
        Reference { node: NODE, creation: self.creation, words: vec![number & 0x3ffff, number, 0] }
    }
}

/// A meta as a term: strings as keys, but for the references.
fn meta_term(meta: &RawValue) -> Result<Map, FromJsonError> {
    let Term::Map(map) = Term::from_json(meta.get())? else { return Ok(Map::default()) };
    let as_atom = |key: &Term| {
        let reference = REFERENCES.into_iter().find(|name| key.as_text() == Some(name));
        reference.map_or_else(|| key.clone(), Term::atom)
    };
    let pairs = map.iter().map(|(key, value)| (as_atom(key), value.clone())).collect();
    // The keys were strings that differ, so they still differ.
    Ok(Map::new(pairs).unwrap_or_default())
}
