//! What waits to be sent to the engine: numbered when it comes, dropped when there is no room or it has
//! waited too long, gathered when it is sent.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{
    address::{Address, Parcel},
    framing::{self, Entry, HEADER, Header, Heartbeat, PER_ENTRY, Piece, Writer},
    node::{Node, NodeId},
};
use crate::{log, message::EncodeError, pubsub::Broadcast};

/// Entries that leave together at most. What costs on the way is each write to each socket, the
/// engine's above all, and hardly the bytes: whatever has come while the last write was under way leaves
/// as one payload. Nothing waits for more to come, so a message alone leaves at once.
const BATCH: usize = 256;

/// Bytes that leave together at most, unless it is one entry: what comes next should not wait until
/// the engine has taken megabytes.
const BATCH_BYTES: usize = 256 * 1024;

/// What an entry counts for besides its bytes, so that many short ones do not take many times the memory
/// that is allowed.
const OVERHEAD: usize = 64;

pub(super) struct Outbound {
    this: Node,
    tag: u64,
    limits: Limits,
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// The longest message, in bytes.
    pub(super) message: usize,
    /// How many bytes may wait.
    pub(super) waiting: usize,
    /// How long they may.
    pub(super) age: Duration,
    /// The longest payload, in bytes.
    pub(super) payload: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    bytes: usize,
    /// The number of the last entry to each address. Numbers are given when entries come, and not when
    /// they leave: what is dropped between is missed by the others then, who would never know
    /// otherwise.
    last: HashMap<Address, u64>,
    /// Whether the last one was dropped for want of room.
    is_full: bool,
}

struct Queued {
    to: Address,
    number: u64,
    since: Instant,
    content: Content,
}

enum Content {
    Broadcast(Broadcast),
    /// An entry, kind first.
    Entry(Bytes),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Broadcast(message) => {
                framing::broadcast_len(message.topic(), message.sent_frame())
            }
            Self::Entry(bytes) => bytes.len(),
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Broadcast(message) => {
                framing::put_broadcast(message.topic(), message.sent_frame(), out);
            }
            Self::Entry(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl Outbound {
    pub(super) fn new(this: Node, tag: u64, limits: Limits) -> Self {
        Self { this, tag, limits, state: Mutex::default(), ready: Notify::new() }
    }

    /// The longest entry: a topic stands beside its frame.
    pub(super) const fn max_entry(max_message: usize) -> usize {
        max_message + u16::MAX as usize + OVERHEAD
    }

    /// Lets a broadcast wait.
    pub(super) fn broadcast(&self, to: Address, message: &Broadcast) -> Result<(), EncodeError> {
        let (length, limit) = (message.sent_frame().len(), self.limits.message);
        if length > limit || message.topic().len() > usize::from(u16::MAX) {
            return Err(EncodeError::TooLarge { length, limit });
        }
        self.push(to, Content::Broadcast(message.clone()));
        Ok(())
    }

    /// Lets an entry of the runtime itself wait.
    pub(super) fn entry(&self, to: Address, entry: &Entry) -> Result<(), EncodeError> {
        let mut bytes = Vec::new();
        entry.put(&mut bytes);
        let limit = self.limits.message;
        if bytes.len() > limit {
            return Err(EncodeError::TooLarge { length: bytes.len(), limit });
        }
        self.push(to, Content::Entry(bytes.into()));
        Ok(())
    }

    fn push(&self, to: Address, content: Content) {
        let since = Instant::now();
        let longest = self.limits.payload.min(BATCH_BYTES) - HEADER - PER_ENTRY;
        let mut state = self.state.lock();
        state.expire(since, self.limits.age);
        if content.len() <= longest {
            state.push(to, since, content, self.limits.waiting);
        } else {
            let mut whole = Vec::with_capacity(content.len());
            content.put(&mut whole);
            for piece in pieces(whole.into(), longest) {
                let mut bytes = Vec::with_capacity(piece.bytes.len() + PER_ENTRY);
                Entry::Piece(piece).put(&mut bytes);
                state.push(to, since, Content::Entry(bytes.into()), self.limits.waiting);
            }
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Waits until something does.
    pub(super) async fn ready(&self) {
        loop {
            if !self.state.lock().queue.is_empty() {
                return;
            }
            self.ready.notified().await;
        }
    }

    /// What leaves next, in order for each address, and how many entries that are.
    pub(super) fn batch(&self) -> (Vec<Parcel>, usize) {
        let mut taken = Vec::new();
        {
            let mut state = self.state.lock();
            state.expire(Instant::now(), self.limits.age);
            let mut bytes = 0;
            while let Some(next) = state.queue.front() {
                let len = next.content.len() + PER_ENTRY;
                if taken.len() == BATCH || (bytes > 0 && bytes + len > BATCH_BYTES) {
                    break;
                }
                bytes += len;
                taken.extend(state.pop());
            }
            if state.queue.is_empty() && state.queue.capacity() > BATCH {
                state.queue = VecDeque::new();
            }
        }
        let count = taken.len();
        (self.parcels(taken), count)
    }

    fn parcels(&self, entries: Vec<Queued>) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        // The payload under way to each address, and the number that would follow. There are few
        // addresses, and mostly there is one.
        let mut open: Vec<(Address, Writer, u64)> = Vec::new();
        let room = entries.iter().map(|entry| entry.content.len() + PER_ENTRY).sum::<usize>();
        let room = room.min(self.limits.payload);
        for Queued { to, number, content, .. } in entries {
            let at = open.iter().position(|(address, ..)| *address == to).unwrap_or_else(|| {
                open.push((to, Writer::new(self.header(Some(number)), room), number));
                open.len() - 1
            });
            let (_, writer, next) = &mut open[at];
            let len = writer.len() + content.len() + PER_ENTRY;
            if *next != number || len > self.limits.payload || writer.count() == u16::MAX {
                let following = Writer::new(self.header(Some(number)), room);
                let full = std::mem::replace(writer, following);
                parcels.push(Parcel { to, payload: full.finish() });
            }
            writer.entry(|out| content.put(out));
            *next = number + 1;
        }
        let rest = open.into_iter();
        parcels.extend(rest.map(|(to, writer, _)| Parcel { to, payload: writer.finish() }));
        parcels
    }

    fn header(&self, first: Option<u64>) -> Header {
        Header { tag: self.tag, node: self.this.id(), first }
    }

    /// A heartbeat to all, which tells those who are there how far they should have heard.
    pub(super) fn heartbeat(&self, greets: bool, others: &[Node]) -> Parcel {
        // What still waits has not been sent, and is not missed yet.
        let sent = self.state.lock().sent();
        let last_to = |node: &Node| sent.get(&Address::Node(node.id())).copied().unwrap_or(0);
        let nodes = others.iter().map(|node| (node.id(), last_to(node))).collect();
        let channels = sent.iter().filter_map(|(to, last)| match to {
            Address::Channel(channel) => Some((*channel, *last)),
            Address::Node(_) => None,
        });
        let channels = channels.collect();
        let name = self.this.name().into();
        self.unnumbered(&Entry::Heartbeat(Heartbeat { greets, name, channels, nodes }))
    }

    /// A goodbye to all.
    pub(super) fn goodbye(&self) -> Parcel {
        self.unnumbered(&Entry::Goodbye)
    }

    fn unnumbered(&self, entry: &Entry) -> Parcel {
        let mut writer = Writer::new(self.header(None), 64);
        writer.entry(|out| entry.put(out));
        Parcel { to: Address::Channel(0), payload: writer.finish() }
    }

    /// A node will never come back, so that nobody minds its numbers any more.
    pub(super) fn forget(&self, node: NodeId) {
        self.state.lock().last.remove(&Address::Node(node));
    }
}

impl State {
    fn push(&mut self, to: Address, since: Instant, content: Content, max_waiting: usize) {
        // One that is dropped has a number too, by whose absence others know of it.
        let last = self.last.entry(to).or_insert(0);
        *last += 1;
        let (number, len) = (*last, content.len() + OVERHEAD);
        if self.bytes + len > max_waiting {
            log::cluster_outbound_full(!std::mem::replace(&mut self.is_full, true));
            return;
        }
        self.is_full = false;
        self.bytes += len;
        self.queue.push_back(Queued { to, number, since, content });
    }

    fn pop(&mut self) -> Option<Queued> {
        let next = self.queue.pop_front()?;
        self.bytes -= next.content.len() + OVERHEAD;
        Some(next)
    }

    /// Drops what has waited too long.
    fn expire(&mut self, now: Instant, max_age: Duration) {
        let mut expired = 0;
        while self.queue.front().is_some_and(|next| now - next.since > max_age) {
            self.pop();
            expired += 1;
        }
        log::cluster_outbound_expired(expired);
    }

    /// The last number to each address that has been sent, or will never be.
    fn sent(&self) -> HashMap<Address, u64> {
        let mut sent = self.last.clone();
        for queued in self.queue.iter().rev() {
            sent.insert(queued.to, queued.number - 1);
        }
        sent
    }
}

/// An entry in pieces of at most `longest` bytes.
fn pieces(whole: Bytes, longest: usize) -> impl Iterator<Item = Piece> {
    // Longer entries are refused.
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let ends = (0..whole.len()).step_by(longest);
    ends.map(move |at| Piece {
        offset: number(at),
        whole: number(whole.len()),
        bytes: whole.slice(at..whole.len().min(at + longest)),
    })
}
