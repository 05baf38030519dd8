//! The presences of a Phoenix node: an observed-remove set with a vector clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use super::etf::{Etf, atom, bin, int, map, strukt, tuple};

/// A name and a version.
type Replica = (Etf, i128);
type Tag = (Replica, u64);
type Clocks = BTreeMap<Replica, u64>;

#[derive(Clone, Debug)]
struct Tracked {
    pid: Etf,
    topic: String,
    key: String,
    meta: Etf,
}

struct Seen {
    vsn: i128,
    heard: Instant,
    is_up: bool,
}

#[derive(Default)]
struct Delta {
    tags: BTreeSet<Tag>,
    values: BTreeMap<Tag, Tracked>,
}

/// What is sent: to all, or to the node of a name.
pub(super) type Sent = (Option<Etf>, Etf);

pub(super) struct Tracker {
    me: Replica,
    is_old: bool,
    period: Duration,
    context: Clocks,
    clouds: BTreeMap<Replica, BTreeSet<u64>>,
    values: BTreeMap<Tag, Tracked>,
    delta: Delta,
    told: u64,
    silent: u32,
    replicas: BTreeMap<Etf, Seen>,
    /// What others stated since they were last compared.
    stated: Vec<(Replica, Clocks)>,
    until_compared: u32,
    next_pid: u32,
    /// How often others were asked for transfers.
    pub(super) questions: u32,
}

impl Tracker {
    pub(super) fn new(name: Etf, vsn: i128, is_old: bool, period: Duration) -> Self {
        let me = (name, vsn);
        Self {
            context: Clocks::from([(me.clone(), 0)]),
            me,
            is_old,
            period,
            clouds: BTreeMap::new(),
            values: BTreeMap::new(),
            delta: Delta::default(),
            told: 0,
            silent: 10,
            replicas: BTreeMap::new(),
            stated: Vec::new(),
            until_compared: 2,
            // Processes of two nodes without names must not have the same numbers.
            next_pid: u32::try_from(vsn % 30_000).unwrap(),
            questions: 0,
        }
    }

    fn clock(&self) -> u64 {
        self.context[&self.me]
    }

    fn bump(&mut self) -> Tag {
        let clock = self.clock() + 1;
        self.context.insert(self.me.clone(), clock);
        let tag = (self.me.clone(), clock);
        self.delta.tags.insert(tag.clone());
        tag
    }

    pub(super) fn track(&mut self, topic: &str, key: &str, meta: &[(&str, &str)]) {
        self.next_pid += 1;
        let mut pid = vec![88, 119, 13];
        pid.extend(b"nonode@nohost");
        pid.extend([self.next_pid, 0, 0].map(u32::to_be_bytes).concat());
        let reference = format!("{:?}-{}", self.me.1, self.next_pid);
        let own = meta.iter().map(|(name, value)| (atom(name), bin(value)));
        let meta = map(own.chain([(atom("phx_ref"), bin(&reference))]));
        let (topic, key) = (topic.to_owned(), key.to_owned());
        let tag = self.bump();
        let tracked = Tracked { pid: Etf::Opaque(pid), topic, key, meta };
        self.delta.values.insert(tag.clone(), tracked.clone());
        self.values.insert(tag, tracked);
    }

    pub(super) fn untrack(&mut self, topic: &str, key: &str) {
        let is_it =
            |(tag, it): &(&Tag, &Tracked)| tag.0 == self.me && it.topic == topic && it.key == key;
        let tag = self.values.iter().find(is_it).map(|(tag, _)| tag.clone()).unwrap();
        self.remove(&tag);
        self.bump();
    }

    fn remove(&mut self, tag: &Tag) {
        self.values.remove(tag);
        self.delta.values.remove(tag);
        self.delta.tags.insert(tag.clone());
    }

    /// The metas of each key in a topic, of those who are there.
    pub(super) fn list(&self, topic: &str) -> BTreeMap<String, Vec<Value>> {
        let mut list: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (((name, _), _), tracked) in &self.values {
            let is_up = *name == self.me.0 || self.replicas.get(name).is_some_and(|it| it.is_up);
            if tracked.topic == topic && is_up {
                let meta = tracked.meta.to_json().unwrap();
                list.entry(tracked.key.clone()).or_default().push(meta);
            }
        }
        list
    }

    pub(super) fn period(&mut self, now: Instant) -> Vec<Sent> {
        let mut sent = Vec::new();
        if !self.delta.tags.is_empty() {
            let delta = self.state(&self.delta, (self.told, self.clock()));
            sent.push((None, self.heartbeat(delta)));
            (self.delta, self.told, self.silent) = (Delta::default(), self.clock(), 0);
        } else if self.silent >= 10 {
            sent.push((None, self.heartbeat(atom("empty"))));
            self.silent = 0;
        } else {
            self.silent += 1;
        }
        self.until_compared -= 1;
        if self.until_compared == 0 {
            self.until_compared = 2;
            let is_ahead = |(replica, clock): (&Replica, &u64)| {
                *clock > self.context.get(replica).copied().unwrap_or(0)
            };
            let ahead = self.stated.iter().filter(|(_, clocks)| clocks.iter().any(is_ahead));
            let ahead: BTreeSet<Etf> = ahead.map(|(from, _)| from.0.clone()).collect();
            self.stated.clear();
            for name in ahead {
                self.questions += 1;
                let mut reference = vec![90, 0, 3, 119, 13];
                reference.extend(b"nonode@nohost");
                reference.extend([0, self.questions, 7, 9].map(u32::to_be_bytes).concat());
                let question = tuple([
                    atom("pub"),
                    atom("transfer_req"),
                    Etf::Opaque(reference),
                    replica(&self.me),
                    tuple([replica(&self.me), clocks(&self.context)]),
                ]);
                sent.push((Some(name), question));
            }
        }
        for seen in self.replicas.values_mut() {
            seen.is_up &= now < seen.heard + 20 * self.period;
        }
        sent
    }

    fn heartbeat(&self, delta: Etf) -> Etf {
        let clocks = tuple([replica(&self.me), clocks(&self.context)]);
        tuple([atom("pub"), atom("heartbeat"), replica(&self.me), delta, clocks])
    }

    pub(super) fn goodbye(&self) -> Sent {
        (None, tuple([atom("pub"), atom("graceful_permdown"), replica(&self.me)]))
    }

    /// # Errors
    ///
    /// A real node would have crashed, or gone wrong.
    pub(super) fn hear(&mut self, message: &Etf, now: Instant) -> Result<Vec<Sent>, String> {
        let parts = message.as_tuple()?;
        let Some(Etf::Atom(kind)) = parts.get(1) else { return Err(format!("{message:?}")) };
        match (&**kind, &parts[2..]) {
            ("heartbeat", [from, delta, stated]) => {
                let from = as_replica(from)?;
                self.meet(&from, now);
                if *delta != atom("empty") {
                    let is_delta = *delta.get("mode")? == atom("delta");
                    if !is_delta || delta.as_map()?.len() != 10 {
                        return Err(format!("no delta: {delta:?}"));
                    }
                    self.merge(delta, delta.get("values")?)?;
                }
                let [first, stated] = stated.as_tuple()? else { return Err("clocks".into()) };
                if as_replica(first)? != from {
                    return Err("clocks of somebody else".into());
                }
                self.stated.push((from, as_clocks(stated)?));
                Ok(Vec::new())
            }
            ("transfer_req", [reference, from, stated]) => {
                let (name, _) = as_replica(from)?;
                let [_, stated] = stated.as_tuple()? else { return Err("clocks".into()) };
                let answer = self.transfer(&as_clocks(stated)?);
                let parts = [atom("pub"), atom("transfer_ack"), reference.clone()];
                let parts = [&parts[..], &[replica(&self.me), answer]].concat();
                Ok(vec![(Some(name), Etf::Tuple(parts))])
            }
            ("transfer_ack", [_, from, answer]) => {
                as_replica(from)?;
                match answer {
                    Etf::Tuple(parts) => self.merge(&parts[0], &parts[1])?,
                    delta => self.merge(delta, delta.get("values")?)?,
                }
                Ok(Vec::new())
            }
            ("graceful_permdown", [from]) => {
                let (name, vsn) = as_replica(from)?;
                if self.replicas.get(&name).is_some_and(|it| it.vsn == vsn) {
                    self.replicas.remove(&name);
                    self.forget(&(name, vsn));
                }
                Ok(Vec::new())
            }
            _ => Err(format!("a message that the tracker does not know: {message:?}")),
        }
    }

    fn meet(&mut self, from: &Replica, now: Instant) {
        let seen = Seen { vsn: from.1, heard: now, is_up: true };
        if let Some(before) = self.replicas.insert(from.0.clone(), seen)
            && before.vsn != from.1
        {
            self.forget(&(from.0.clone(), before.vsn));
        }
        self.context.entry(from.clone()).or_insert(0);
    }

    fn forget(&mut self, replica: &Replica) {
        self.context.remove(replica);
        self.clouds.remove(replica);
        self.values.retain(|(of, _), _| of != replica);
        self.delta.tags.retain(|(of, _)| of != replica);
    }

    fn knows(&self, (replica, clock): &Tag) -> bool {
        self.context.get(replica).is_some_and(|known| known >= clock)
            || self.clouds.get(replica).is_some_and(|cloud| cloud.contains(clock))
    }

    fn merge(&mut self, state: &Etf, values: &Etf) -> Result<(), String> {
        let context = as_clocks(state.get("context")?)?;
        let mut clouds: BTreeMap<Replica, BTreeSet<u64>> = BTreeMap::new();
        for (of, set) in state.get("clouds")?.as_map()? {
            if *set.get("__struct__")? != atom("Elixir.MapSet") {
                return Err(format!("no set: {set:?}"));
            }
            for (tag, element) in set.get("map")?.as_map()? {
                let (replica, clock) = as_tag(tag)?;
                if replica != as_replica(of)? || *element != Etf::List(Vec::new()) {
                    return Err(format!("a tag in the wrong cloud: {tag:?}"));
                }
                clouds.entry(replica).or_default().insert(clock);
            }
        }
        let mut theirs = BTreeMap::new();
        for (tag, value) in values.as_map()? {
            theirs.insert(as_tag(tag)?, as_tracked(value)?);
        }
        let is_in = |(replica, clock): &Tag| {
            context.get(replica).is_some_and(|known| known >= clock)
                || clouds.get(replica).is_some_and(|cloud| cloud.contains(clock))
        };
        let joins =
            theirs.iter().filter(|(tag, _)| self.context.contains_key(&tag.0) && !self.knows(tag));
        let joins: Vec<_> = joins.map(|(tag, it)| (tag.clone(), it.clone())).collect();
        let left = self.values.keys().filter(|tag| is_in(tag) && !theirs.contains_key(*tag));
        for tag in left.cloned().collect::<Vec<_>>() {
            if tag.0 == self.me {
                return Err(format!("somebody takes away what is not theirs: {tag:?}"));
            }
            self.remove(&tag);
        }
        for (tag, tracked) in joins {
            let same = |it: &Tracked| it.pid == tracked.pid && it.topic == tracked.topic;
            if self.values.values().any(|it| same(it) && it.key == tracked.key) {
                return Err(format!("the PID of another presence: {tracked:?}"));
            }
            self.values.insert(tag, tracked);
        }
        for (replica, cloud) in clouds {
            if self.context.contains_key(&replica) {
                self.clouds.entry(replica).or_default().extend(cloud);
            }
        }
        for (replica, known) in &mut self.context {
            *known = (*known).max(context.get(replica).copied().unwrap_or(0));
            let cloud = self.clouds.entry(replica.clone()).or_default();
            while cloud.contains(&(*known + 1)) {
                *known += 1;
            }
            cloud.retain(|clock| *clock > *known);
        }
        Ok(())
    }

    /// Everything, as a state on an old node, and on others as a delta from the beginning.
    fn transfer(&self, wanted: &Clocks) -> Etf {
        let values = self.values.iter().filter(|((of, _), _)| wanted.contains_key(of));
        let values: BTreeMap<_, _> = values.map(|(tag, it)| (tag.clone(), it.clone())).collect();
        if self.is_old {
            let statuses = self.replicas.keys().map(|name| (name.clone(), atom("up")));
            let state = strukt(
                "Elixir.Phoenix.Tracker.State",
                [
                    ("replica", replica(&self.me)),
                    ("context", clocks(&self.context)),
                    ("clouds", map([])),
                    ("values", atom("nil")),
                    ("pids", atom("nil")),
                    ("mode", atom("normal")),
                    ("delta", atom("unset")),
                    (
                        "replicas",
                        map(statuses.map(|(name, up)| {
                            let vsn = self.replicas[&name].vsn;
                            (replica(&(name, vsn)), up)
                        })),
                    ),
                    ("range", tuple([map([]), map([])])),
                ],
            );
            return tuple([state, values_term(&values)]);
        }
        let values = values.into_iter().filter(|((of, _), _)| *of == self.me).collect();
        let tags = (1..=self.clock()).map(|clock| (self.me.clone(), clock)).collect();
        self.state(&Delta { tags, values }, (0, self.clock()))
    }

    fn state(&self, delta: &Delta, (from, to): (u64, u64)) -> Etf {
        let mut clouds: BTreeMap<Replica, Vec<Etf>> = BTreeMap::new();
        for tag in &delta.tags {
            clouds.entry(tag.0.clone()).or_default().push(tag_term(tag));
        }
        let clouds = clouds.into_iter().map(|(of, tags)| {
            let elements = map(tags.into_iter().map(|tag| (tag, Etf::List(Vec::new()))));
            let set = if self.is_old {
                strukt("Elixir.MapSet", [("map", elements), ("version", int(2))])
            } else {
                strukt("Elixir.MapSet", [("map", elements)])
            };
            (replica(&of), set)
        });
        let at = |clock| clocks(&Clocks::from([(self.me.clone(), clock)]));
        strukt(
            "Elixir.Phoenix.Tracker.State",
            [
                ("replica", replica(&self.me)),
                ("context", map([])),
                ("clouds", map(clouds)),
                ("values", values_term(&delta.values)),
                ("pids", atom("nil")),
                ("mode", atom("delta")),
                ("delta", atom("unset")),
                ("replicas", map([])),
                ("range", tuple([at(from), at(to)])),
            ],
        )
    }
}

fn replica((name, vsn): &Replica) -> Etf {
    tuple([name.clone(), Etf::Int(*vsn)])
}

fn tag_term((of, clock): &Tag) -> Etf {
    tuple([replica(of), int(*clock)])
}

fn clocks(clocks: &Clocks) -> Etf {
    map(clocks.iter().map(|(of, clock)| (replica(of), int(*clock))))
}

fn values_term(values: &BTreeMap<Tag, Tracked>) -> Etf {
    map(values.iter().map(|(tag, it)| {
        let value = tuple([it.pid.clone(), bin(&it.topic), bin(&it.key), it.meta.clone()]);
        (tag_term(tag), value)
    }))
}

fn as_replica(term: &Etf) -> Result<Replica, String> {
    match term.as_tuple()? {
        [name @ (Etf::Atom(_) | Etf::Bin(_)), Etf::Int(vsn)] => Ok((name.clone(), *vsn)),
        other => Err(format!("no replica: {other:?}")),
    }
}

fn as_tag(term: &Etf) -> Result<Tag, String> {
    match term.as_tuple()? {
        [of, clock] => Ok((as_replica(of)?, clock.as_clock()?)),
        other => Err(format!("no tag: {other:?}")),
    }
}

fn as_clocks(term: &Etf) -> Result<Clocks, String> {
    term.as_map()?.iter().map(|(of, clock)| Ok((as_replica(of)?, clock.as_clock()?))).collect()
}

fn as_tracked(term: &Etf) -> Result<Tracked, String> {
    let [pid @ Etf::Opaque(bytes), topic, key, meta] = term.as_tuple()? else {
        return Err(format!("no presence: {term:?}"));
    };
    if bytes[0] != 88 {
        return Err(format!("no PID: {pid:?}"));
    }
    meta.get("phx_ref")?.as_text()?;
    meta.to_json()?;
    let (topic, key) = (topic.as_text()?.to_owned(), key.as_text()?.to_owned());
    Ok(Tracked { pid: pid.clone(), topic, key, meta: meta.clone() })
}
