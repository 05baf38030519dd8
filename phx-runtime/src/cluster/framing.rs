//! What nodes send each other, as bytes.
//!
//! All numbers are big-endian. One payload carries several entries of one sender to one address, whose
//! numbers follow each other:
//!
//! ```text
//! u8 version | u8 flags | u64 tag | u64 node | u64 number of the first entry | u16 count
//! count × ( u32 length | u8 kind | … )
//!
//! broadcast  1 | u16 length | topic | the frame that clients of version 2 get
//! message    2 | u8 port | …
//! question   3 | u64 id | u8 port | …
//! answer     4 | u64 id | …
//! heartbeat  5 | u8 flags | u8 length | name | u16 count | count × (u16 channel, u64 last number)
//!              | u16 count | count × (u64 node, u64 last number)
//! goodbye    6
//! piece      7 | u32 offset | u32 length of the whole | …
//! ```
//!
//! The tag tells applications apart. Heartbeats and goodbyes have no numbers; a flag says so. The
//! pieces of a large entry follow each other and make up an entry, its kind first.

use std::mem::size_of;

use bytes::Bytes;
use thiserror::Error;

use super::node::NodeId;
use crate::wire::Text;

/// The only version.
const VERSION: u8 = 1;

/// The flag of entries without numbers.
const UNNUMBERED: u8 = 1;

/// The flag of a heartbeat that asks for those of others.
const GREETS: u8 = 1;

/// Bytes before the first entry.
pub(super) const HEADER: usize = 2 + 3 * size_of::<u64>() + size_of::<u16>();

/// Bytes that an entry takes besides its content: its length and, of a piece, all that it says.
pub(super) const PER_ENTRY: usize = 3 * size_of::<u32>() + 1;

/// What every payload begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: u64,
    pub(super) node: NodeId,
    /// The number of the first entry; none if they have none.
    pub(super) first: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Broadcast { topic: Text, frame: Bytes },
    Message { port: u8, body: Bytes },
    Question { id: u64, port: u8, body: Bytes },
    Answer { id: u64, body: Bytes },
    Heartbeat(Heartbeat),
    Goodbye,
    Piece(Piece),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heartbeat {
    /// Whether the sender has just come and wants to know who is there.
    pub(super) greets: bool,
    pub(super) name: Text,
    /// The number of the last entry in each channel.
    pub(super) channels: Vec<(u16, u64)>,
    /// The same for what went to single nodes.
    pub(super) nodes: Vec<(NodeId, u64)>,
}

/// A part of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) offset: u32,
    pub(super) whole: u32,
    pub(super) bytes: Bytes,
}

/// A payload that no node of this kind sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum FramingError {
    #[error("it ends too early")]
    Short,
    #[error("it is of version {0}")]
    Version(u8),
    #[error("an entry is of kind {0}")]
    Kind(u8),
    #[error("a name is not text")]
    NotText,
    #[error("something follows its end")]
    Long,
}

/// A payload being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
    count: u16,
}

impl Writer {
    pub(super) fn new(header: Header, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + capacity);
        bytes.push(VERSION);
        bytes.push(if header.first.is_some() { 0 } else { UNNUMBERED });
        bytes.extend_from_slice(&header.tag.to_be_bytes());
        bytes.extend_from_slice(&header.node.0.to_be_bytes());
        bytes.extend_from_slice(&header.first.unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(&[0; 2]);
        Self { bytes, count: 0 }
    }

    /// Adds an entry, whose content `write` appends.
    pub(super) fn entry(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len() + size_of::<u32>();
        self.bytes.extend_from_slice(&[0; size_of::<u32>()]);
        write(&mut self.bytes);
        // Entries are cut long before that.
        let len = u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX);
        self.bytes[start - size_of::<u32>()..start].copy_from_slice(&len.to_be_bytes());
        self.count += 1;
    }

    pub(super) fn count(&self) -> u16 {
        self.count
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.bytes[HEADER - size_of::<u16>()..HEADER].copy_from_slice(&self.count.to_be_bytes());
        self.bytes.into()
    }
}

/// Appends a broadcast, kind first.
pub(super) fn put_broadcast(topic: &str, frame: &[u8], out: &mut Vec<u8>) {
    // Longer topics are refused where they are sent.
    let len = u16::try_from(topic.len()).unwrap_or(u16::MAX);
    out.push(1);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&topic.as_bytes()[..usize::from(len)]);
    out.extend_from_slice(frame);
}

/// How many bytes a broadcast takes.
pub(super) fn broadcast_len(topic: &str, frame: &[u8]) -> usize {
    1 + size_of::<u16>() + topic.len() + frame.len()
}

impl Entry {
    /// Appends the entry, kind first.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Broadcast { topic, frame } => put_broadcast(topic.as_str(), frame, out),
            Self::Message { port, body } => {
                out.extend_from_slice(&[2, *port]);
                out.extend_from_slice(body);
            }
            Self::Question { id, port, body } => {
                out.push(3);
                out.extend_from_slice(&id.to_be_bytes());
                out.push(*port);
                out.extend_from_slice(body);
            }
            Self::Answer { id, body } => {
                out.push(4);
                out.extend_from_slice(&id.to_be_bytes());
                out.extend_from_slice(body);
            }
            Self::Heartbeat(heartbeat) => heartbeat.put(out),
            Self::Goodbye => out.push(6),
            Self::Piece(piece) => {
                out.push(7);
                out.extend_from_slice(&piece.offset.to_be_bytes());
                out.extend_from_slice(&piece.whole.to_be_bytes());
                out.extend_from_slice(&piece.bytes);
            }
        }
    }

    /// Reads an entry, kind first.
    pub(super) fn read(bytes: Bytes) -> Result<Self, FramingError> {
        let mut rest = Reader(bytes);
        let entry = match rest.u8()? {
            1 => {
                let len = rest.u16()?;
                let topic = rest.text(usize::from(len))?;
                Self::Broadcast { topic, frame: rest.rest() }
            }
            2 => Self::Message { port: rest.u8()?, body: rest.rest() },
            3 => Self::Question { id: rest.u64()?, port: rest.u8()?, body: rest.rest() },
            4 => Self::Answer { id: rest.u64()?, body: rest.rest() },
            5 => Self::Heartbeat(Heartbeat::read(&mut rest)?),
            6 => Self::Goodbye,
            7 => Self::Piece(Piece { offset: rest.u32()?, whole: rest.u32()?, bytes: rest.rest() }),
            kind => return Err(FramingError::Kind(kind)),
        };
        if rest.0.is_empty() { Ok(entry) } else { Err(FramingError::Long) }
    }
}

impl Heartbeat {
    fn put(&self, out: &mut Vec<u8>) {
        let name = self.name.as_str().as_bytes();
        let name = &name[..name.len().min(usize::from(u8::MAX))];
        out.extend_from_slice(&[5, u8::from(self.greets) * GREETS]);
        #[expect(clippy::cast_possible_truncation, reason = "it was cut to that length")]
        out.push(name.len() as u8);
        out.extend_from_slice(name);
        let counted = |len: usize| u16::try_from(len).unwrap_or(u16::MAX);
        let count = counted(self.channels.len());
        out.extend_from_slice(&count.to_be_bytes());
        for (channel, last) in self.channels.iter().take(usize::from(count)) {
            out.extend_from_slice(&channel.to_be_bytes());
            out.extend_from_slice(&last.to_be_bytes());
        }
        let count = counted(self.nodes.len());
        out.extend_from_slice(&count.to_be_bytes());
        for (node, last) in self.nodes.iter().take(usize::from(count)) {
            out.extend_from_slice(&node.0.to_be_bytes());
            out.extend_from_slice(&last.to_be_bytes());
        }
    }

    fn read(rest: &mut Reader) -> Result<Self, FramingError> {
        let greets = rest.u8()? & GREETS != 0;
        let len = rest.u8()?;
        let name = rest.text(usize::from(len))?;
        let channels =
            (0..rest.u16()?).map(|_| Ok((rest.u16()?, rest.u64()?))).collect::<Result<_, _>>()?;
        let nodes = (0..rest.u16()?)
            .map(|_| Ok((NodeId(rest.u64()?), rest.u64()?)))
            .collect::<Result<_, _>>()?;
        Ok(Self { greets, name, channels, nodes })
    }
}

/// How the numbered payloads of a node begin. The engine may give them back to it, and then they are
/// of no use; its heartbeats are, which have no numbers.
pub(super) fn beginning_of(tag: u64, node: NodeId) -> Vec<u8> {
    let mut beginning = Writer::new(Header { tag, node, first: Some(0) }, 0).bytes;
    beginning.truncate(2 + 2 * size_of::<u64>());
    beginning
}

/// Reads the beginning of a payload.
pub(super) fn read_header(payload: &Bytes) -> Result<Header, FramingError> {
    header(&mut Reader(payload.clone()))
}

fn header(rest: &mut Reader) -> Result<Header, FramingError> {
    let version = rest.u8()?;
    if version != VERSION {
        return Err(FramingError::Version(version));
    }
    let is_numbered = rest.u8()? & UNNUMBERED == 0;
    let (tag, node, first) = (rest.u64()?, NodeId(rest.u64()?), rest.u64()?);
    Ok(Header { tag, node, first: is_numbered.then_some(first) })
}

/// Reads a whole payload.
pub(super) fn read(payload: &Bytes) -> Result<(Header, Vec<Entry>), FramingError> {
    let mut rest = Reader(payload.clone());
    let header = header(&mut rest)?;
    let count = usize::from(rest.u16()?);
    // As many as there can be, whatever it says.
    let mut entries = Vec::with_capacity(count.min(rest.0.len() / (size_of::<u32>() + 1)));
    for _ in 0..count {
        let len = rest.u32()?;
        let entry = rest.take(usize::try_from(len).map_err(|_| FramingError::Short)?)?;
        entries.push(Entry::read(unshared(entry, payload))?);
    }
    if rest.0.is_empty() { Ok((header, entries)) } else { Err(FramingError::Long) }
}

/// How many times as long as an entry the whole may be that is kept in memory for it. A frame may wait
/// for a slow client for long after everything else that came with it has gone.
const KEPT_BY_ENTRY: usize = 16;

/// An entry of its own, if it is a small part of the payload.
fn unshared(entry: Bytes, payload: &Bytes) -> Bytes {
    if payload.len() > 4096 && payload.len() / KEPT_BY_ENTRY > entry.len() {
        return Bytes::copy_from_slice(&entry);
    }
    entry
}

/// What is still to be read.
struct Reader(Bytes);

impl Reader {
    fn take(&mut self, len: usize) -> Result<Bytes, FramingError> {
        if len > self.0.len() {
            return Err(FramingError::Short);
        }
        Ok(self.0.split_to(len))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FramingError> {
        let (array, _) = self.0.split_first_chunk().ok_or(FramingError::Short)?;
        let array = *array;
        self.take(N)?;
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, FramingError> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, FramingError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, FramingError> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, FramingError> {
        self.array().map(u64::from_be_bytes)
    }

    fn text(&mut self, len: usize) -> Result<Text, FramingError> {
        Text::try_from(self.take(len)?).map_err(|_| FramingError::NotText)
    }

    fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{Entry, Header, Heartbeat, NodeId, Piece, Writer, read};

    fn bytes() -> impl Strategy<Value = Bytes> {
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Into::into)
    }

    fn entries() -> impl Strategy<Value = Entry> {
        let lasts = prop::collection::vec(any::<(u16, u64)>(), 0..5);
        let nodes =
            prop::collection::vec(any::<(u64, u64)>().prop_map(|(n, l)| (NodeId(n), l)), 0..5);
        prop_oneof![
            (".{0,20}", bytes())
                .prop_map(|(topic, frame)| { Entry::Broadcast { topic: topic.into(), frame } }),
            (any::<u8>(), bytes()).prop_map(|(port, body)| Entry::Message { port, body }),
            (any::<u64>(), any::<u8>(), bytes()).prop_map(|(id, port, body)| Entry::Question {
                id,
                port,
                body
            }),
            (any::<u64>(), bytes()).prop_map(|(id, body)| Entry::Answer { id, body }),
            (any::<bool>(), ".{0,20}", lasts, nodes).prop_map(|(greets, name, channels, nodes)| {
                Entry::Heartbeat(Heartbeat { greets, name: name.into(), channels, nodes })
            }),
            Just(Entry::Goodbye),
            (any::<u32>(), any::<u32>(), bytes())
                .prop_map(|(offset, whole, bytes)| Entry::Piece(Piece { offset, whole, bytes })),
        ]
    }

    fn written(first: Option<u64>, entries: &[Entry]) -> (Header, Bytes) {
        let header = Header { tag: 7, node: NodeId(8), first };
        let mut writer = Writer::new(header, 0);
        for entry in entries {
            writer.entry(|out| entry.put(out));
        }
        (header, writer.finish())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            first: Option<u64>,
            entries in prop::collection::vec(entries(), 0..8),
        ) {
            let (header, payload) = written(first, &entries);
            prop_assert_eq!(read(&payload), Ok((header, entries)));
        }

        #[test]
        fn a_nodes_own_payloads_are_told_by_their_beginning(first: u64) {
            let beginning = super::beginning_of(7, NodeId(8));
            let entries = [Entry::Goodbye];
            prop_assert!(written(Some(first), &entries).1.starts_with(&beginning));
            prop_assert!(!written(None, &entries).1.starts_with(&beginning));
            prop_assert!(!written(Some(first), &entries).1.starts_with(&super::beginning_of(7, NodeId(9))));
            prop_assert!(!written(Some(first), &entries).1.starts_with(&super::beginning_of(8, NodeId(8))));
        }

        #[test]
        fn what_is_cut_off_or_follows_is_refused(
            entries in prop::collection::vec(entries(), 1..4),
            cut: prop::sample::Index,
        ) {
            let (_, payload) = written(Some(1), &entries);
            prop_assert!(read(&payload.slice(..cut.index(payload.len()))).is_err());
            prop_assert!(read(&[&payload[..], &[0]].concat().into()).is_err());
        }

        #[test]
        fn nothing_that_arrives_is_too_odd(
            entries in prop::collection::vec(entries(), 0..4),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut payload = written(Some(1), &entries).1.to_vec();
            for (at, byte) in changes {
                let at = at.index(payload.len());
                payload[at] = byte;
            }
            let _ = read(&payload.into());
        }
    }

    #[test]
    fn a_short_entry_of_a_long_payload_does_not_keep_it_in_memory() {
        let body = |len| Entry::Message { port: 1, body: vec![0; len].into() };
        let (_, payload) = written(Some(1), &[body(10), body(100_000)]);
        let (_, entries) = read(&payload).unwrap();
        let is_part = |entry: &Entry| match entry {
            Entry::Message { body, .. } => payload.as_ptr_range().contains(&body.as_ptr()),
            _ => unreachable!(),
        };
        assert!(!is_part(&entries[0]));
        assert!(is_part(&entries[1]));
    }
}
