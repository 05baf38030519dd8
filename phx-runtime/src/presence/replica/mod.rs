//! Presences over nodes as replicated state: what one node knows, without a clock, a network or a
//! task of its own. Messages go in, messages and changes come out.
//!
//! Each node writes its own entries alone, so nothing is ever merged: there is one writer, and the
//! others follow it. Every change has the writer's next version. What was changed goes to all, from
//! one version to another; who knows everything up to the first then knows everything up to the
//! second. Who does not has missed something, and asks the writer for what follows the version it
//! knows. A writer remembers each entry's last change and its latest removals; for who missed more,
//! and for newcomers, everything is handed over page by page, and what was not part of it is gone.
//!
//! Heartbeats carry the writer's version and a digest of its entries. They tell of a last message
//! that was lost, and of whatever went wrong in another way: if the digests differ, everything is
//! handed over again.
//!
//! Whoever is down is forgotten with all entries, and is a newcomer when it is there again.

mod digest;
mod message;
mod own;
mod peer;

use std::{
    collections::{BTreeMap, HashMap, hash_map},
    time::Duration,
};

use tokio::time::Instant;

use self::{
    own::Own,
    peer::{Changes, Peer, TooMuch},
};
use super::change::{Change, ReplicaId};
use crate::message::Topic;

pub(super) use self::{
    message::{Entry, Message},
    own::Limits,
};

/// How often others are told how far this node has come.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);

/// Who a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    All,
    One(ReplicaId),
}

/// What follows from what happened.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// To be sent, in this order.
    pub(super) messages: Vec<(To, Message)>,
    /// To be applied, in this order.
    pub(super) changes: Changes,
    /// To be logged and counted.
    pub(super) notices: Vec<Notice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Something is missing, and the node was asked for it.
    Behind(ReplicaId),
    /// What was known of a node was wrong, and it was asked for everything.
    Differs(ReplicaId),
    /// A node has more entries than it may have.
    TooMuch(ReplicaId),
    /// A node is gone, with so many entries.
    Gone(ReplicaId, usize),
}

impl Output {
    /// The changes of each topic.
    pub(super) fn take_changes(&mut self) -> BTreeMap<Topic, Vec<Change>> {
        let mut topics = BTreeMap::<_, Vec<_>>::new();
        for (topic, change) in std::mem::take(&mut self.changes) {
            topics.entry(topic).or_default().push(change);
        }
        topics
    }
}

/// One node among the others.
#[derive(Debug)]
pub(super) struct Replica {
    own: Own,
    peers: HashMap<ReplicaId, Peer>,
    asked: u64,
    beat_at: Instant,
}

impl Replica {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        Self { own: Own::new(limits), peers: HashMap::new(), asked: 0, beat_at: now }
    }

    /// This node has an entry, be it new or with another meta. One that is too large to be told
    /// others is invalid for them; then the answer is `false`.
    pub(super) fn upsert(&mut self, number: u64, entry: Entry) -> bool {
        let fits = self.own.takes(&entry);
        if fits {
            self.own.upsert(number, entry);
        } else {
            self.own.remove(number);
        }
        fits
    }

    /// One of this node's entries is gone.
    pub(super) fn remove(&mut self, number: u64) {
        self.own.remove(number);
    }

    /// The keys of what others are told of.
    #[cfg(any(test, fuzzing))]
    pub(super) fn own_keys(&self) -> Vec<smol_str::SmolStr> {
        self.own.keys()
    }

    /// What this node has changed since it was called last, for all others.
    pub(super) fn flush(&mut self, out: &mut Output) {
        while let Some(feed) = self.own.next_untold() {
            out.messages.push((To::All, Message::Feed(feed)));
        }
    }

    /// Another node is there.
    pub(super) fn up(&mut self, id: ReplicaId, now: Instant, out: &mut Output) {
        let hash_map::Entry::Vacant(vacant) = self.peers.entry(id) else { return };
        let peer = vacant.insert(Peer::new(id));
        self.asked += 1;
        out.messages.push((To::One(id), Message::Want(peer.ask(self.asked, now))));
    }

    /// Another node is gone.
    pub(super) fn down(&mut self, id: ReplicaId, out: &mut Output) {
        if let Some(peer) = self.peers.remove(&id) {
            out.notices.push(Notice::Gone(id, peer.len()));
            peer.end(&mut out.changes);
        }
    }

    /// Messages of another node are lost, which may have been some of these.
    pub(super) fn gap(&mut self, id: ReplicaId, now: Instant, out: &mut Output) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.is_asked()) else { return };
        self.asked += 1;
        out.messages.push((To::One(id), Message::Want(peer.ask(self.asked, now))));
    }

    /// A message of another node. Those of nodes that are not up say nothing.
    pub(super) fn receive(
        &mut self,
        from: ReplicaId,
        message: Message,
        now: Instant,
        out: &mut Output,
    ) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let mut differs = false;
        match message {
            Message::Want(want) => {
                let answer = self.own.answer(want);
                out.messages.push((To::One(from), Message::Feed(answer)));
            }
            Message::Heartbeat(heartbeat) => differs = peer.heartbeat(heartbeat),
            Message::Feed(feed) => match peer.feed(feed, now, &mut out.changes) {
                Ok(next) => {
                    let want = next.map(|want| (To::One(from), Message::Want(want)));
                    out.messages.extend(want);
                }
                Err(TooMuch) => out.notices.push(Notice::TooMuch(from)),
            },
        }
        if peer.is_behind() {
            self.asked += 1;
            out.messages.push((To::One(from), Message::Want(peer.ask(self.asked, now))));
            out.notices.push(if differs { Notice::Differs(from) } else { Notice::Behind(from) });
        }
    }

    /// Time has passed. Called several times between two heartbeats.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Output) {
        for (id, peer) in &mut self.peers {
            let again = peer.ask_again(now);
            out.messages.extend(again.map(|want| (To::One(*id), Message::Want(want))));
        }
        if self.beat_at <= now {
            self.beat_at = now + HEARTBEAT;
            out.messages.push((To::All, Message::Heartbeat(self.own.heartbeat())));
        }
    }
}

#[cfg(test)]
mod tests;
