//! What is known of another node's entries.

use std::{collections::HashMap, time::Duration};

use smol_str::SmolStr;
use tokio::time::Instant;

use super::{
    super::change::{Change, EntryId, ReplicaId},
    digest::Digest,
    message::{Entry, Feed, Heartbeat, Item, Want},
};
use crate::message::Topic;

/// How long an answer may take before it is asked for again; twice as long each time.
const ASK_AGAIN: Duration = Duration::from_secs(1);
const ASK_AT_LEAST: Duration = Duration::from_secs(16);

/// Bytes that the entries of one node may take. What is beyond is not taken over.
const LIMIT: usize = 256 * 1024 * 1024;

/// What an entry counts for besides its texts.
const OVERHEAD: usize = 192;

/// Another node, followed by its changes: all up to one version are known, so that the next ones
/// either follow these or show that something is missing.
#[derive(Debug)]
pub(super) struct Peer {
    id: ReplicaId,
    at: u64,
    /// Whether everything is being handed over, and what is not part of it is gone.
    whole: Whole,
    entries: HashMap<u64, Known>,
    bytes: usize,
    digest: Digest,
    ask: Option<Ask>,
    /// What the node has come to, as far as it told.
    latest: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    /// It has been, or will be when something is missing.
    Not,
    Wanted,
    /// Handing over began when the node had come to `began`, and the last page was sent when it had
    /// come to `latest`.
    UnderWay {
        began: u64,
        latest: u64,
    },
}

#[derive(Debug)]
struct Known {
    version: u64,
    topic: Topic,
    key: SmolStr,
    bytes: usize,
    /// It has come in the handing over that is under way.
    is_part: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ask {
    nonce: u64,
    again_at: Instant,
    wait: Duration,
}

/// More than one node may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

/// Changes of entries, and their topics.
pub(super) type Changes = Vec<(Topic, Change)>;

impl Peer {
    /// A node of which nothing is known.
    pub(super) fn new(id: ReplicaId) -> Self {
        Self {
            id,
            at: 0,
            whole: Whole::Wanted,
            entries: HashMap::new(),
            bytes: 0,
            digest: Digest::default(),
            ask: None,
            latest: 0,
        }
    }

    /// Asks for what is missing.
    pub(super) fn ask(&mut self, nonce: u64, now: Instant) -> Want {
        self.ask = Some(Ask { nonce, again_at: now + ASK_AGAIN, wait: ASK_AGAIN });
        self.want(nonce)
    }

    fn want(&self, nonce: u64) -> Want {
        match self.whole {
            Whole::Not => Want { nonce, after: self.at, whole: None },
            Whole::Wanted => Want { nonce, after: 0, whole: Some(0) },
            Whole::UnderWay { began, .. } => Want { nonce, after: self.at, whole: Some(began) },
        }
    }

    /// Asks once more if there was no answer for too long.
    pub(super) fn ask_again(&mut self, now: Instant) -> Option<Want> {
        let ask = self.ask.as_mut().filter(|ask| ask.again_at <= now)?;
        ask.wait = (ask.wait * 2).min(ASK_AT_LEAST);
        ask.again_at = now + ask.wait;
        let nonce = ask.nonce;
        Some(self.want(nonce))
    }

    /// Whether an answer is on its way.
    pub(super) fn is_asked(&self) -> bool {
        self.ask.is_some()
    }

    /// Whether something has to be asked for.
    pub(super) fn is_behind(&self) -> bool {
        self.ask.is_none() && (self.whole != Whole::Not || self.at < self.latest)
    }

    /// Whether what is known differs from what there is, which no lost message explains.
    pub(super) fn heartbeat(&mut self, heartbeat: Heartbeat) -> bool {
        let Heartbeat { version, digest } = heartbeat;
        self.latest = self.latest.max(version);
        // One that was late tells of an earlier state.
        let is_comparable = self.whole == Whole::Not
            && self.ask.is_none()
            && self.at == version
            && self.latest == version;
        let differs = is_comparable && self.digest != digest;
        if differs {
            self.whole = Whole::Wanted;
        }
        differs
    }

    /// Takes over what a node tells of itself. Comes back with the question for the next page, if
    /// this was an answer and not the last one.
    pub(super) fn feed(
        &mut self,
        feed: Feed,
        now: Instant,
        out: &mut Changes,
    ) -> Result<Option<Want>, TooMuch> {
        let Feed { answers, whole, after, upto, latest, items } = feed;
        self.latest = self.latest.max(latest);
        match (answers, self.ask) {
            (None, _) if self.whole != Whole::Not => return Ok(None),
            (None, _) => {}
            (Some(nonce), Some(ask)) if ask.nonce == nonce => {}
            (Some(_), _) => return Ok(None),
        }
        // Answers to a repeated question may come in another order: an entry that has changed between
        // the two may be in neither.
        let is_late =
            matches!(self.whole, Whole::UnderWay { latest: before, .. } if latest < before);
        if is_late || whole && answers.is_none() {
            return Ok(None);
        }
        if whole && after == 0 {
            self.start_whole(latest);
        }
        match &mut self.whole {
            Whole::Not if !whole => {}
            Whole::UnderWay { latest: before, .. } if whole => *before = latest,
            Whole::Not | Whole::UnderWay { .. } | Whole::Wanted => return Ok(None),
        }
        if after > self.at {
            return Ok(None);
        }
        let room: usize = items.iter().map(|item| item.len() + OVERHEAD).sum();
        if self.bytes.saturating_add(room) > LIMIT {
            return Err(TooMuch);
        }
        let before = self.at;
        for item in items {
            if item.version > before {
                self.item(item, out);
            }
        }
        self.at = before.max(upto);
        let Some(Ask { nonce, .. }) = self.ask.filter(|_| answers.is_some()) else {
            return Ok(None);
        };
        if upto == latest {
            self.ask = None;
            self.end_whole(out);
            return Ok(None);
        }
        // A repeated answer leads to no second question.
        Ok((self.at > before).then(|| self.ask(nonce, now)))
    }

    fn start_whole(&mut self, latest: u64) {
        self.whole = Whole::UnderWay { began: latest, latest };
        self.at = 0;
        self.entries.values_mut().for_each(|known| known.is_part = false);
    }

    /// What did not come is gone.
    fn end_whole(&mut self, out: &mut Changes) {
        if std::mem::replace(&mut self.whole, Whole::Not) == Whole::Not {
            return;
        }
        let missing = self.entries.iter().filter(|(_, known)| !known.is_part);
        let missing: Vec<_> = missing.map(|(number, _)| *number).collect();
        for number in missing {
            self.remove(number, out);
        }
    }

    fn item(&mut self, item: Item, out: &mut Changes) {
        let Item { number, version, entry } = item;
        if let Some(known) = self.entries.get_mut(&number)
            && known.version >= version
        {
            known.is_part = true;
            return;
        }
        let Some(entry) = entry else { return self.remove(number, out) };
        let bytes = entry.len() + OVERHEAD;
        let Entry { topic, key, meta } = entry;
        if let Some(known) = self.entries.get(&number) {
            if known.topic != topic || known.key != key {
                self.remove(number, out);
            } else {
                self.forget(number);
            }
        }
        self.digest.add(number, version);
        self.bytes += bytes;
        let known = Known { version, topic: topic.clone(), key: key.clone(), bytes, is_part: true };
        self.entries.insert(number, known);
        out.push((topic, Change::Upsert { key, id: self.entry_id(number), meta }));
    }

    fn remove(&mut self, number: u64, out: &mut Changes) {
        if let Some(Known { topic, key, .. }) = self.forget(number) {
            out.push((topic, Change::Remove { key, id: self.entry_id(number) }));
        }
    }

    fn forget(&mut self, number: u64) -> Option<Known> {
        let known = self.entries.remove(&number)?;
        self.digest.take(number, known.version);
        self.bytes -= known.bytes;
        Some(known)
    }

    fn entry_id(&self, number: u64) -> EntryId {
        EntryId { number, replica: self.id }
    }

    /// The node is gone, and its entries with it.
    pub(super) fn end(mut self, out: &mut Changes) {
        let numbers: Vec<_> = self.entries.keys().copied().collect();
        for number in numbers {
            self.remove(number, out);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
