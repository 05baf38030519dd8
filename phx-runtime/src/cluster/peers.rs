//! What is known of the other nodes, from what arrives of them. Without a clock, a network or a task
//! of its own.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    address::Address,
    event::ClusterEvent,
    framing::{self, Entry, FramingError, Header, Heartbeat},
    node::{Node, NodeId},
    stream::{Stream, Taken},
};

/// More nodes than any engine carries. Whoever makes up further ones is not heard.
const MAX_PEERS: usize = 1024;

/// How long a node that is down is remembered: if it was only cut off, what was missed is known.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Large entries of which so many bytes are not whole yet, in units of the largest one, are given up.
const PARTIALS: usize = 4;

/// What follows from a payload or from time that has passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// To be told.
    Event(ClusterEvent),
    /// An entry of another node for this one, not a heartbeat, goodbye or piece.
    Entry(NodeId, Entry),
    /// A node will not come back under this id.
    Forgotten(NodeId),
    /// Somebody has just come and wants to know who is there.
    Greeted,
    /// This node's own heartbeat has come back.
    Heard,
}

/// Why a payload is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ignored {
    #[error("{0}")]
    Framing(#[from] FramingError),
    #[error("it is of another application, or of one with another secret")]
    Application,
    #[error("it came on an address that no node sends to")]
    Address,
    #[error("there are more nodes than a cluster has")]
    TooMany,
}

pub(super) struct Peers {
    this: NodeId,
    tag: u64,
    channels: u16,
    down_after: Duration,
    /// The largest entry that is put together.
    max_entry: usize,
    known: HashMap<NodeId, Peer>,
}

struct Peer {
    /// Known from its heartbeats. Before the first one it is nobody that could be spoken of: what it sends
    /// is handed on all the same.
    node: Option<Node>,
    is_up: bool,
    last_heard: Instant,
    /// What it sends to all, by channel.
    channels: BTreeMap<u16, Stream>,
    /// What it sends to this node.
    direct: Option<Stream>,
}

impl Peers {
    pub(super) fn new(
        this: NodeId,
        tag: u64,
        channels: u16,
        down_after: Duration,
        max_entry: usize,
    ) -> Self {
        Self { this, tag, channels, down_after, max_entry, known: HashMap::new() }
    }

    /// The nodes that are up, by name.
    pub(super) fn up(&self) -> Vec<Node> {
        let up = self.known.values().filter(|peer| peer.is_up);
        let mut up: Vec<_> = up.filter_map(|peer| peer.node.clone()).collect();
        up.sort_by(|one, other| (one.name(), one.id()).cmp(&(other.name(), other.id())));
        up
    }

    /// Takes a payload that arrived on an address.
    pub(super) fn payload(
        &mut self,
        on: Address,
        payload: &Bytes,
        now: Instant,
        out: &mut Vec<Output>,
    ) -> Result<(), Ignored> {
        let Header { tag, node, first } = framing::read_header(payload)?;
        if tag != self.tag {
            return Err(Ignored::Application);
        }
        match on {
            Address::Channel(channel) if channel >= self.channels => return Err(Ignored::Address),
            Address::Node(id) if id != self.this => return Err(Ignored::Address),
            Address::Channel(_) | Address::Node(_) => {}
        }
        // Engines give back what is sent to all. Of that only the heartbeats matter.
        if node == self.this && first.is_some() {
            return Ok(());
        }
        let (_, entries) = framing::read(payload)?;
        if node == self.this {
            if entries.iter().any(|entry| matches!(entry, Entry::Heartbeat(_))) {
                out.push(Output::Heard);
            }
            return Ok(());
        }
        if !self.known.contains_key(&node) && self.known.len() >= MAX_PEERS {
            return Err(Ignored::TooMany);
        }
        let peer = self.known.entry(node).or_insert_with(|| Peer::new(now));
        // Whatever it says, it is alive.
        peer.last_heard = now;
        match first {
            Some(first) => self.numbered(node, on, first, entries, out),
            None => self.unnumbered(node, entries, now, out),
        }
        Ok(())
    }

    fn numbered(
        &mut self,
        from: NodeId,
        on: Address,
        first: u64,
        entries: Vec<Entry>,
        out: &mut Vec<Output>,
    ) {
        for (number, entry) in (first..).zip(entries) {
            let Some(peer) = self.known.get_mut(&from) else { return };
            let stream = peer.stream(on, number);
            match stream.take(number) {
                Taken::Repeated => continue,
                Taken::New { missed } => peer.missed(missed, out),
            }
            match entry {
                Entry::Piece(piece) => {
                    let whole = peer.stream(on, number).piece(piece, self.max_entry);
                    out.extend(whole.map(|entry| Output::Entry(from, entry)));
                    self.give_up_partials();
                }
                // These have no numbers, or are no one's.
                Entry::Heartbeat(_) | Entry::Goodbye => {}
                entry => out.push(Output::Entry(from, entry)),
            }
        }
    }

    fn unnumbered(
        &mut self,
        from: NodeId,
        entries: Vec<Entry>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        for entry in entries {
            match entry {
                Entry::Heartbeat(heartbeat) => self.heartbeat(from, &heartbeat, now, out),
                Entry::Goodbye => {
                    let peer = self.known.remove(&from);
                    let gone = peer.filter(|peer| peer.is_up).and_then(|peer| peer.node);
                    out.extend(gone.map(|node| Output::Event(ClusterEvent::Down(node))));
                    out.push(Output::Forgotten(from));
                    return;
                }
                _ => {}
            }
        }
    }

    fn heartbeat(
        &mut self,
        from: NodeId,
        heartbeat: &Heartbeat,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let (this, channels) = (self.this, self.channels);
        let Some(peer) = self.known.get_mut(&from) else { return };
        let node = peer.node.get_or_insert_with(|| Node::new(from, heartbeat.name.as_str()));
        if !peer.is_up {
            peer.is_up = true;
            out.push(Output::Event(ClusterEvent::Up(node.clone())));
        }
        // Nothing has been sent over channels that are not named.
        let mut lasts: BTreeMap<u16, u64> = (0..channels).map(|channel| (channel, 0)).collect();
        lasts.extend(heartbeat.channels.iter().copied().filter(|told| told.0 < channels));
        for (channel, last) in lasts {
            let next = last.saturating_add(1);
            peer.stream(Address::Channel(channel), next).told(last, now);
        }
        if let Some(&(_, last)) = heartbeat.nodes.iter().find(|told| told.0 == this) {
            let next = last.saturating_add(1);
            peer.stream(Address::Node(this), next).told(last, now);
        }
        if heartbeat.greets {
            out.push(Output::Greeted);
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        for peer in self.known.values_mut() {
            let streams = peer.channels.values_mut().chain(&mut peer.direct);
            let missed =
                streams.map(|stream| stream.missed_until(now)).fold(0, u64::saturating_add);
            peer.missed(missed, out);
            if peer.is_up && now - peer.last_heard > self.down_after {
                peer.is_up = false;
                let node = peer.node.clone();
                out.extend(node.map(|node| Output::Event(ClusterEvent::Down(node))));
            }
        }
        let is_over =
            |_: &NodeId, peer: &mut Peer| !peer.is_up && now - peer.last_heard > REMEMBERED;
        out.extend(self.known.extract_if(is_over).map(|(id, _)| Output::Forgotten(id)));
    }

    /// How many nodes are known, and how many bytes of entries that are not whole yet.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.known.len(), self.partial_bytes())
    }

    fn partial_bytes(&self) -> usize {
        let peers = self.known.values();
        let streams = peers.flat_map(|peer| peer.channels.values().chain(&peer.direct));
        streams.map(Stream::partial_bytes).sum()
    }

    /// Gives up what is not whole yet, if that is more than nodes who mean well need.
    fn give_up_partials(&mut self) {
        if self.partial_bytes() <= PARTIALS * self.max_entry {
            return;
        }
        for peer in self.known.values_mut() {
            peer.channels.values_mut().chain(&mut peer.direct).for_each(Stream::drop_partial);
        }
    }
}

impl Peer {
    fn new(now: Instant) -> Self {
        Self { node: None, is_up: false, last_heard: now, channels: BTreeMap::new(), direct: None }
    }

    /// What it sends to an address; of which `next` is next if it is heard of for the first time.
    fn stream(&mut self, on: Address, next: u64) -> &mut Stream {
        let start = || Stream::starting_at(next);
        match on {
            Address::Channel(channel) => self.channels.entry(channel).or_insert_with(start),
            Address::Node(_) => self.direct.get_or_insert_with(start),
        }
    }

    fn missed(&self, missed: u64, out: &mut Vec<Output>) {
        if missed > 0
            && let Some(node) = self.node.clone()
        {
            out.push(Output::Event(ClusterEvent::Gap { node, missed }));
        }
    }
}
