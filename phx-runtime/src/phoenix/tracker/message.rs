//! What the presences of Phoenix nodes say to each other, on topics such as
//! `phx_presence:Elixir.MyAppWeb.Presence_shard0`.
//!
//! The format is Phoenix's own business and may change: what is unknown is an error that costs its
//! message, and nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::super::{
    pubsub::NodeName,
    term::{Atom, Integer, Map, Reference, Term},
};

const STATE: &str = "Elixir.Phoenix.Tracker.State";
const SET: &str = "Elixir.MapSet";

/// A member of the tracker's cluster: a node since it was started.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replica {
    /// The node's name.
    pub name: NodeName,
    /// Grows with every start of the node.
    pub vsn: Integer,
}

/// How much of each replica is known.
pub type Clocks = BTreeMap<Replica, u64>;

/// What a replica did at a time of its clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The replica.
    pub replica: Replica,
    /// Its clock.
    pub clock: u64,
}

/// A presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The process whose presence it is; each has one of its own.
    pub pid: Term,
    /// The topic.
    pub topic: String,
    /// The key in the list of presences, as a rule a binary.
    pub key: Term,
    /// The meta, which has `phx_ref` among its keys.
    pub meta: Map,
}

/// What changed at a replica, or all that it has: `Phoenix.Tracker.State`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerState {
    /// Whose it is.
    pub replica: Replica,
    /// Empty in a delta.
    pub context: Clocks,
    /// The tags that it knows of. One without a value has left.
    pub clouds: BTreeMap<Replica, BTreeSet<Tag>>,
    /// The presences.
    pub values: BTreeMap<Tag, Tracked>,
    /// What a delta leads from and to; none if this is no delta.
    pub range: Option<(Clocks, Clocks)>,
    /// Whether the replica takes the others for `up` or `down`. Empty in a delta.
    pub statuses: BTreeMap<Replica, Atom>,
}

/// The answer to a request for a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// What changed.
    Delta(TrackerState),
    /// Everything, where no delta was kept that fits. The values are apart from their state.
    Whole(TrackerState),
}

/// A message of `Phoenix.Tracker`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerMessage {
    /// That the replica is there, and what changed.
    Heartbeat {
        /// The sender.
        replica: Replica,
        /// What changed, if anything.
        delta: Option<TrackerState>,
        /// How much the sender can hand over.
        clocks: Clocks,
    },
    /// The sender lacks what another one has.
    TransferRequest {
        /// To be copied into the answer.
        reference: Reference,
        /// The sender.
        replica: Replica,
        /// How much it has.
        clocks: Clocks,
    },
    /// The answer.
    TransferAnswer {
        /// The one of the request.
        reference: Reference,
        /// The sender.
        replica: Replica,
        /// What it has.
        transfer: Transfer,
    },
    /// The sender stops, and its presences leave.
    GracefulStop {
        /// The sender.
        replica: Replica,
    },
}

/// A term that is not a message of a tracker, or one of an unknown kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no message of Phoenix.Tracker that is known: {0}")]
pub struct TrackerError(&'static str);

type Read<T> = Result<T, TrackerError>;

impl TrackerMessage {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// The term is not a known message.
    pub fn from_term(term: &Term) -> Result<Self, TrackerError> {
        let [publish, kind, rest @ ..] = tuple(term)? else { return Err(TrackerError("a tuple")) };
        if !publish.is_atom("pub") {
            return Err(TrackerError("the atom pub"));
        }
        let kind = kind.as_atom().ok_or(TrackerError("its kind"))?;
        match (kind.as_str(), rest) {
            ("heartbeat", [replica, delta, clocks]) => {
                let delta = if delta.is_atom("empty") { None } else { Some(state(delta)?) };
                Ok(Self::Heartbeat {
                    replica: read_replica(replica)?,
                    delta,
                    clocks: read_sender_clocks(clocks)?,
                })
            }
            ("transfer_req", [reference, replica, clocks]) => Ok(Self::TransferRequest {
                reference: read_reference(reference)?,
                replica: read_replica(replica)?,
                clocks: read_sender_clocks(clocks)?,
            }),
            ("transfer_ack", [reference, replica, transfer]) => Ok(Self::TransferAnswer {
                reference: read_reference(reference)?,
                replica: read_replica(replica)?,
                transfer: Transfer::from_term(transfer)?,
            }),
            ("graceful_permdown", [replica]) => {
                Ok(Self::GracefulStop { replica: read_replica(replica)? })
            }
            _ => Err(TrackerError("its kind")),
        }
    }

    /// The message as a term.
    pub fn to_term(&self) -> Term {
        let parts = match self {
            Self::Heartbeat { replica, delta, clocks } => vec![
                Term::atom("heartbeat"),
                replica.to_term(),
                delta.as_ref().map_or(Term::atom("empty"), TrackerState::to_term),
                sender_clocks(replica, clocks),
            ],
            Self::TransferRequest { reference, replica, clocks } => vec![
                Term::atom("transfer_req"),
                Term::Reference(Box::new(reference.clone())),
                replica.to_term(),
                sender_clocks(replica, clocks),
            ],
            Self::TransferAnswer { reference, replica, transfer } => vec![
                Term::atom("transfer_ack"),
                Term::Reference(Box::new(reference.clone())),
                replica.to_term(),
                transfer.to_term(),
            ],
            Self::GracefulStop { replica } => {
                vec![Term::atom("graceful_permdown"), replica.to_term()]
            }
        };
        Term::Tuple([vec![Term::atom("pub")], parts].concat())
    }
}

impl Transfer {
    fn from_term(term: &Term) -> Read<Self> {
        if term.as_map().is_some() {
            return Ok(Self::Delta(state(term)?));
        }
        let [whole, values] = tuple(term)? else { return Err(TrackerError("a transfer")) };
        let mut whole = state(whole)?;
        whole.values = read_values(values)?;
        Ok(Self::Whole(whole))
    }

    fn to_term(&self) -> Term {
        match self {
            Self::Delta(delta) => delta.to_term(),
            Self::Whole(whole) => {
                Term::Tuple(vec![whole.with_values(Term::NIL), write_values(&whole.values)])
            }
        }
    }
}

impl Replica {
    fn to_term(&self) -> Term {
        Term::Tuple(vec![self.name.to_term(), Term::Integer(self.vsn.clone())])
    }
}

impl Tag {
    fn to_term(&self) -> Term {
        Term::Tuple(vec![self.replica.to_term(), Term::Integer(self.clock.into())])
    }
}

impl TrackerState {
    fn to_term(&self) -> Term {
        self.with_values(write_values(&self.values))
    }

    fn with_values(&self, values: Term) -> Term {
        let statuses = self.statuses.iter();
        let statuses = statuses.map(|(replica, status)| (replica.to_term(), status.clone().into()));
        let clouds = self.clouds.iter().map(|(replica, tags)| (replica.to_term(), set(tags)));
        let clock_pair = |(before, after): &(Clocks, Clocks)| {
            Term::Tuple(vec![write_clocks(before), write_clocks(after)])
        };
        let is_delta = self.range.is_some();
        Term::Map(Map::of([
            ("__struct__", Term::atom(STATE)),
            ("replica", self.replica.to_term()),
            ("context", write_clocks(&self.context)),
            ("clouds", map(clouds)),
            ("values", values),
            ("pids", Term::NIL),
            ("mode", Term::atom(if is_delta { "delta" } else { "normal" })),
            ("delta", Term::atom("unset")),
            ("replicas", map(statuses)),
            ("range", self.range.as_ref().map_or_else(empty_range, clock_pair)),
        ]))
    }
}

/// Of a state that is no delta.
fn empty_range() -> Term {
    Term::Tuple(vec![Term::Map(Map::default()), Term::Map(Map::default())])
}

/// Keys that differ, in any order.
fn map(pairs: impl Iterator<Item = (Term, Term)>) -> Term {
    // The keys come from maps and sets of Rust, which have no key twice.
    Term::Map(Map::new(pairs.collect()).unwrap_or_default())
}

fn set(tags: &BTreeSet<Tag>) -> Term {
    let elements = map(tags.iter().map(|tag| (tag.to_term(), Term::List(Vec::new()))));
    Term::Map(Map::of([("__struct__", Term::atom(SET)), ("map", elements)]))
}

fn write_clocks(clocks: &Clocks) -> Term {
    map(clocks.iter().map(|(replica, clock)| (replica.to_term(), Term::Integer((*clock).into()))))
}

fn sender_clocks(replica: &Replica, clocks: &Clocks) -> Term {
    Term::Tuple(vec![replica.to_term(), write_clocks(clocks)])
}

fn write_values(values: &BTreeMap<Tag, Tracked>) -> Term {
    map(values.iter().map(|(tag, tracked)| {
        let Tracked { pid, topic, key, meta } = tracked.clone();
        (tag.to_term(), Term::Tuple(vec![pid, Term::text(topic), key, Term::Map(meta)]))
    }))
}

fn tuple(term: &Term) -> Read<&[Term]> {
    term.as_tuple().ok_or(TrackerError("a tuple"))
}

fn fields(term: &Term) -> Read<&Map> {
    term.as_map().ok_or(TrackerError("a map"))
}

fn field<'a>(map: &'a Map, name: &'static str) -> Read<&'a Term> {
    map.get_atom(name).ok_or(TrackerError(name))
}

fn read_replica(term: &Term) -> Read<Replica> {
    match tuple(term)? {
        [name, Term::Integer(vsn)] => {
            let name = NodeName::of(name.clone()).ok_or(TrackerError("a replica's name"))?;
            Ok(Replica { name, vsn: vsn.clone() })
        }
        _ => Err(TrackerError("a replica")),
    }
}

fn read_clock(term: &Term) -> Read<u64> {
    term.as_i64().and_then(|clock| clock.try_into().ok()).ok_or(TrackerError("a clock"))
}

fn read_clocks(term: &Term) -> Read<Clocks> {
    let clocks = fields(term)?.iter();
    clocks.map(|(replica, clock)| Ok((read_replica(replica)?, read_clock(clock)?))).collect()
}

/// The sender's name is in it once more.
fn read_sender_clocks(term: &Term) -> Read<Clocks> {
    match tuple(term)? {
        [_, clocks] => read_clocks(clocks),
        _ => Err(TrackerError("clocks")),
    }
}

fn read_tag(term: &Term) -> Read<Tag> {
    match tuple(term)? {
        [replica, clock] => Ok(Tag { replica: read_replica(replica)?, clock: read_clock(clock)? }),
        _ => Err(TrackerError("a tag")),
    }
}

fn read_reference(term: &Term) -> Read<Reference> {
    match term {
        Term::Reference(reference) => Ok((**reference).clone()),
        _ => Err(TrackerError("a reference")),
    }
}

fn read_set(term: &Term) -> Read<BTreeSet<Tag>> {
    let set = fields(term)?;
    if !field(set, "__struct__")?.is_atom(SET) {
        return Err(TrackerError("a set"));
    }
    fields(field(set, "map")?)?.iter().map(|(tag, _)| read_tag(tag)).collect()
}

fn read_values(term: &Term) -> Read<BTreeMap<Tag, Tracked>> {
    let values = fields(term)?.iter();
    values.map(|(tag, tracked)| Ok((read_tag(tag)?, read_tracked(tracked)?))).collect()
}

fn read_tracked(term: &Term) -> Read<Tracked> {
    match tuple(term)? {
        [pid, topic, key, Term::Map(meta)] => Ok(Tracked {
            pid: pid.clone(),
            topic: topic.as_text().ok_or(TrackerError("a topic"))?.to_owned(),
            key: key.clone(),
            meta: meta.clone(),
        }),
        _ => Err(TrackerError("a presence")),
    }
}

fn state(term: &Term) -> Read<TrackerState> {
    let map = fields(term)?;
    if !field(map, "__struct__")?.is_atom(STATE) {
        return Err(TrackerError("a state"));
    }
    let clouds = fields(field(map, "clouds")?)?.iter();
    let clouds = clouds.map(|(replica, tags)| Ok((read_replica(replica)?, read_set(tags)?)));
    let values = field(map, "values")?;
    let range = match (field(map, "mode")?.is_atom("delta"), tuple(field(map, "range")?)?) {
        (false, _) => None,
        (true, [before, after]) => Some((read_clocks(before)?, read_clocks(after)?)),
        (true, _) => return Err(TrackerError("a range")),
    };
    let statuses = fields(field(map, "replicas")?)?.iter().map(|(replica, status)| {
        let status = status.as_atom().ok_or(TrackerError("a status"))?;
        Ok((read_replica(replica)?, status.clone()))
    });
    Ok(TrackerState {
        replica: read_replica(field(map, "replica")?)?,
        context: read_clocks(field(map, "context")?)?,
        clouds: clouds.collect::<Read<_>>()?,
        // Of a whole state they are beside it.
        values: if values.as_map().is_some() { read_values(values)? } else { BTreeMap::new() },
        range,
        statuses: statuses.collect::<Read<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::{Atom, Pid};

    fn replica(vsn: i64) -> Replica {
        Replica { name: "rust-1".into(), vsn: vsn.into() }
    }

    fn delta() -> TrackerState {
        let tag = Tag { replica: replica(1), clock: 1 };
        let pid = Pid { node: Atom::of("a@b"), number: 1, serial: 0, creation: 1 };
        let tracked = Tracked {
            pid: Term::Pid(Box::new(pid)),
            topic: "presence:lobby".into(),
            key: "ann".into(),
            meta: Map::of([("phx_ref", "r1".into())]),
        };
        let clocks = |clock| Clocks::from([(replica(1), clock)]);
        TrackerState {
            replica: replica(1),
            context: Clocks::new(),
            clouds: BTreeMap::from([(replica(1), BTreeSet::from([tag.clone()]))]),
            values: BTreeMap::from([(tag, tracked)]),
            range: Some((clocks(0), clocks(1))),
            statuses: BTreeMap::new(),
        }
    }

    #[test]
    fn every_message_comes_back() {
        let clocks = Clocks::from([(replica(1), 7), (replica(2), 0)]);
        let reference =
            Reference { node: Atom::of("nonode@nohost"), creation: 0, words: vec![1, 2, 3] };
        let statuses =
            BTreeMap::from([(replica(1), Atom::of("up")), (replica(2), Atom::of("down"))]);
        let whole = TrackerState { range: None, context: clocks.clone(), statuses, ..delta() };
        let answer = |transfer| TrackerMessage::TransferAnswer {
            reference: reference.clone(),
            replica: replica(1),
            transfer,
        };
        let heartbeat = |delta| TrackerMessage::Heartbeat {
            replica: replica(1),
            delta,
            clocks: clocks.clone(),
        };
        for message in [
            heartbeat(None),
            heartbeat(Some(delta())),
            TrackerMessage::TransferRequest {
                reference: reference.clone(),
                replica: replica(2),
                clocks: clocks.clone(),
            },
            answer(Transfer::Delta(delta())),
            answer(Transfer::Whole(whole)),
            TrackerMessage::GracefulStop { replica: replica(1) },
        ] {
            let term = Term::decode(message.to_term().encode()).unwrap();
            let read = TrackerMessage::from_term(&term);
            assert_eq!(read.as_ref().map(TrackerMessage::to_term), Ok(term));
            assert_eq!(read, Ok(message));
        }
    }

    #[test]
    fn what_is_no_message_of_a_tracker_is_an_error() {
        let of = |kind: &'static str, rest: Vec<Term>| {
            let parts = [vec![Term::atom("pub"), Term::atom(kind)], rest].concat();
            TrackerMessage::from_term(&Term::Tuple(parts))
        };
        assert!(of("graceful_permdown", vec![replica(1).to_term()]).is_ok());
        assert!(of("graceful_permdown", vec![]).is_err());
        assert!(of("graceful_permdown", vec![Term::NIL]).is_err());
        assert!(of("unknown", vec![replica(1).to_term()]).is_err());
        let clocks = sender_clocks(&replica(1), &Clocks::new());
        assert!(of("heartbeat", vec![replica(1).to_term(), Term::NIL, clocks]).is_err());
        assert!(TrackerMessage::from_term(&Term::NIL).is_err());
        assert!(TrackerMessage::from_term(&Term::Tuple(vec![])).is_err());
    }
}
