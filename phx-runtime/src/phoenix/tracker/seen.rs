//! What was heard of one other replica.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use smol_str::SmolStr;
use thiserror::Error;

use super::{
    super::term::NoJson,
    message::{Replica, Tag, Tracked, TrackerState},
};

/// Tags after a gap that are remembered. Who hears more is asked for everything that it missed anyway.
const MOST_AFTER_GAP: usize = 100_000;

/// A presence of another replica as clients are shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The meta's `phx_ref`.
    pub(crate) reference: SmolStr,
    /// The meta: a JSON object.
    pub(crate) meta: String,
}

/// What became of a presence of another replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Tells replicas apart, and the runs of one node.
    pub(crate) replica: u64,
    /// Tells the replica's presences apart.
    pub(crate) clock: u64,
    pub(crate) topic: SmolStr,
    pub(crate) key: SmolStr,
    /// None if it left.
    pub(crate) joined: Option<Shown>,
}

/// A presence that cannot be shown.
#[derive(Debug, Error)]
pub(crate) enum Unusable {
    #[error("its key or its meta: {0}")]
    NoJson(#[from] NoJson),
    #[error("its meta is not an object")]
    NoObject,
    #[error("its meta has no text `phx_ref`")]
    NoReference,
    #[error("there are too many presences of other nodes")]
    TooMany,
}

/// What is known of a replica.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Everything up to this clock was heard.
    context: u64,
    /// What was heard after a gap.
    cloud: BTreeSet<u64>,
    present: BTreeMap<u64, Place>,
}

#[derive(Debug)]
struct Place {
    topic: SmolStr,
    key: SmolStr,
}

/// Where changes are written to.
pub(super) struct Changes<'a> {
    pub(super) replica: u64,
    pub(super) made: &'a mut Vec<Change>,
    pub(super) unusable: &'a mut Vec<Unusable>,
    /// How many presences may still be added.
    pub(super) room: usize,
}

impl Seen {
    /// Up to which clock nothing was missed.
    pub(super) fn context(&self) -> u64 {
        self.context
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    fn has(&self, clock: u64) -> bool {
        clock <= self.context || self.cloud.contains(&clock)
    }

    /// Takes over what a replica says of itself: all that it has, or what changed.
    pub(super) fn merge(&mut self, replica: &Replica, state: TrackerState, to: &mut Changes<'_>) {
        let context = state.context.get(replica).copied().unwrap_or(0);
        let own = |tag: &Tag| (tag.replica == *replica).then_some(tag.clock);
        let tags: BTreeSet<u64> =
            state.clouds.get(replica).into_iter().flatten().filter_map(own).collect();
        let values = state.values.into_iter();
        let values: BTreeMap<u64, Tracked> =
            values.filter_map(|(tag, tracked)| Some((own(&tag)?, tracked))).collect();

        let mentioned = self.present.range(..=context).map(|(clock, _)| *clock);
        let mentioned = mentioned.chain(tags.iter().copied());
        let left: BTreeSet<u64> = mentioned.filter(|clock| !values.contains_key(clock)).collect();
        for clock in left {
            self.leave(clock, to);
        }
        // A value without its tag is heard of all the same.
        let heard: Vec<u64> = tags.into_iter().chain(values.keys().copied()).collect();
        for (clock, tracked) in values {
            if !self.has(clock) {
                self.join(clock, &tracked, to);
            }
        }
        self.hear(context, heard);
    }

    fn join(&mut self, clock: u64, tracked: &Tracked, to: &mut Changes<'_>) {
        if self.present.contains_key(&clock) {
            return;
        }
        match show(tracked) {
            Ok(_) if to.room == 0 => to.unusable.push(Unusable::TooMany),
            Ok((key, shown)) => {
                to.room -= 1;
                let topic = SmolStr::from(&*tracked.topic);
                self.present.insert(clock, Place { topic: topic.clone(), key: key.clone() });
                let joined = Some(shown);
                to.made.push(Change { replica: to.replica, clock, topic, key, joined });
            }
            Err(error) => to.unusable.push(error),
        }
    }

    fn leave(&mut self, clock: u64, to: &mut Changes<'_>) {
        if let Some(Place { topic, key }) = self.present.remove(&clock) {
            to.made.push(Change { replica: to.replica, clock, topic, key, joined: None });
        }
    }

    fn hear(&mut self, context: u64, tags: Vec<u64>) {
        self.context = self.context.max(context);
        self.cloud.extend(tags);
        self.cloud = self.cloud.split_off(&self.context.saturating_add(1));
        while self.context < u64::MAX && self.cloud.first() == Some(&(self.context + 1)) {
            self.cloud.pop_first();
            self.context += 1;
        }
        // The gap will be filled by a transfer, which repeats what is forgotten here.
        if self.cloud.len() > MOST_AFTER_GAP {
            self.cloud.clear();
        }
    }

    /// All presences leave.
    pub(super) fn leave_all(&mut self, to: &mut Changes<'_>) {
        for (clock, Place { topic, key }) in mem::take(&mut self.present) {
            to.made.push(Change { replica: to.replica, clock, topic, key, joined: None });
        }
    }
}

/// A presence as clients are shown it, and its key.
fn show(tracked: &Tracked) -> Result<(SmolStr, Shown), Unusable> {
    let key = tracked.key.to_json_key()?;
    let reference = tracked.meta.get_atom("phx_ref").and_then(|it| it.as_text());
    let reference = reference.ok_or(Unusable::NoReference)?.into();
    let meta = tracked.meta.to_json()?;
    if !meta.starts_with('{') {
        return Err(Unusable::NoObject);
    }
    Ok((key.into(), Shown { reference, meta }))
}
