//! This node's own entries, in the order of their last changes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{
    digest::Digest,
    message::{Entry, Feed, Heartbeat, Item, Want},
};

/// How much is kept and sent.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Limits {
    /// Removals that are remembered for those who missed them. Who missed more is given everything.
    pub(in super::super) remembered: usize,
    /// The most that one message carries, unless a single entry is larger.
    pub(in super::super) page_bytes: usize,
    pub(in super::super) page_items: usize,
    /// The largest entry that others are told of.
    pub(in super::super) entry_bytes: usize,
}

impl Limits {
    /// Those of nodes that send each other messages of so many bytes at most.
    pub(in super::super) fn within(max_message: usize) -> Self {
        Self {
            remembered: 4096,
            page_bytes: (64 * 1024).min(max_message / 2),
            page_items: 1024,
            // A meta is meant to be short: everyone gets it.
            entry_bytes: (256 * 1024).min(max_message / 2),
        }
    }
}

/// Every change has the next version. Only an entry's last change is kept, and the latest removals:
/// what follows some version is found by it, and is never more than there are entries.
#[derive(Debug)]
pub(super) struct Own {
    limits: Limits,
    version: u64,
    digest: Digest,
    entries: HashMap<u64, Live>,
    /// By version the number of the entry that was changed then.
    feed: BTreeMap<u64, u64>,
    /// The versions of removals.
    gone: VecDeque<u64>,
    /// Removals up to this version are remembered no more.
    forgotten: u64,
    /// What all have been told up to.
    told: u64,
}

#[derive(Debug)]
struct Live {
    version: u64,
    entry: Entry,
}

impl Own {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            version: 0,
            digest: Digest::default(),
            entries: HashMap::new(),
            feed: BTreeMap::new(),
            gone: VecDeque::new(),
            forgotten: 0,
            told: 0,
        }
    }

    /// Whether others can be told of an entry; texts of clients may be longer than anyone needs.
    pub(super) fn takes(&self, entry: &Entry) -> bool {
        entry.fits(self.limits.entry_bytes)
    }

    pub(super) fn upsert(&mut self, number: u64, entry: Entry) {
        self.take_out(number);
        self.version += 1;
        self.digest.add(number, self.version);
        self.feed.insert(self.version, number);
        self.entries.insert(number, Live { version: self.version, entry });
    }

    pub(super) fn remove(&mut self, number: u64) {
        if !self.take_out(number) {
            return;
        }
        self.version += 1;
        self.feed.insert(self.version, number);
        self.gone.push_back(self.version);
        if self.gone.len() > self.limits.remembered
            && let Some(oldest) = self.gone.pop_front()
        {
            self.feed.remove(&oldest);
            self.forgotten = oldest;
        }
    }

    fn take_out(&mut self, number: u64) -> bool {
        let Some(Live { version, .. }) = self.entries.remove(&number) else { return false };
        self.digest.take(number, version);
        self.feed.remove(&version);
        true
    }

    pub(super) fn heartbeat(&self) -> Heartbeat {
        Heartbeat { version: self.version, digest: self.digest }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn keys(&self) -> Vec<smol_str::SmolStr> {
        self.entries.values().map(|live| live.entry.key.clone()).collect()
    }

    /// What nobody has been told yet, or the first of it.
    pub(super) fn next_untold(&mut self) -> Option<Feed> {
        if self.told == self.version {
            return None;
        }
        // So many were removed at once that some of them are forgotten: the gap makes others ask.
        let after = self.told.max(self.forgotten);
        let feed = self.page(after, None, false);
        self.told = feed.upto;
        Some(feed)
    }

    /// What follows a version. If removals since then are forgotten, handing over everything begins, or
    /// begins anew: what was handed over may have been removed since.
    pub(super) fn answer(&self, want: Want) -> Feed {
        let Want { nonce, after, whole } = want;
        let remembers = match whole {
            None => after >= self.forgotten,
            Some(began) => after == 0 || began >= self.forgotten,
        };
        if remembers {
            return self.page(after, Some(nonce), whole.is_some());
        }
        self.page(0, Some(nonce), true)
    }

    fn page(&self, after: u64, answers: Option<u64>, whole: bool) -> Feed {
        let Limits { page_bytes, page_items, .. } = self.limits;
        let (mut items, mut bytes, mut upto) = (Vec::new(), 0, self.version);
        for (&version, &number) in self.feed.range(after.saturating_add(1)..) {
            let entry = match self.entries.get(&number) {
                Some(live) if live.version == version => Some(live.entry.clone()),
                // The number was used again after a removal.
                Some(_) => continue,
                None => None,
            };
            let item = Item { number, version, entry };
            bytes += item.len();
            if !items.is_empty() && (bytes > page_bytes || items.len() == page_items) {
                upto = items.last().map_or(after, |item: &Item| item.version);
                break;
            }
            items.push(item);
        }
        // One who asks for what is not there yet is told so.
        let after = after.min(upto);
        Feed { answers, whole, after, upto, latest: self.version, items }
    }
}
