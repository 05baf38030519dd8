//! What holds for any bytes that an engine may deliver, as a function that panics where it does not.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    address::Address,
    framing::{self, Entry, HEADER, Writer},
    node::NodeId,
    peers::{Output, Peers},
};
use crate::{message::Topic, pubsub::Broadcast};

const THIS: NodeId = NodeId(7);
const CHANNELS: u16 = 2;
const MAX_ENTRY: usize = 2048;

/// Payloads, one after the other: what is read is written to the same, nothing is handed on that did
/// not arrive, and no more is kept than is allowed. Each begins with a byte for its length and one for
/// its address and the time before it.
pub fn payloads(mut bytes: &[u8]) {
    let mut peers = Peers::new(THIS, 0, CHANNELS, Duration::from_secs(10), MAX_ENTRY);
    let (mut now, mut arrived, mut handed_on) = (Instant::now(), 0, 0);
    while let Some((&[len, how], rest)) = bytes.split_first_chunk::<2>() {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(len)));
        bytes = rest;
        let payload = Bytes::copy_from_slice(payload);
        arrived += payload.len();
        written_again(&payload);
        now += Duration::from_millis(100) * u32::from(how >> 2);
        let on = match how & 3 {
            3 => Address::Node(THIS),
            channel => Address::Channel(channel.into()),
        };
        let mut outputs = Vec::new();
        // What is refused is none of our own.
        let _ = peers.payload(on, &payload, now, &mut outputs);
        peers.tick(now, &mut outputs);
        handed_on += outputs.into_iter().map(taken).sum::<usize>();
        assert!(handed_on <= arrived, "{handed_on} of {arrived}");
        let (nodes, partials) = peers.held();
        assert!(nodes <= 1024 && partials <= 4 * MAX_ENTRY, "{nodes} nodes, {partials} bytes");
    }
}

/// The bytes that an output hands on.
fn taken(output: Output) -> usize {
    let Output::Entry(_, entry) = output else { return 0 };
    match entry {
        Entry::Broadcast { topic, frame } => {
            let len = frame.len();
            let name = Topic::from(topic.as_str());
            if let Ok(broadcast) = Broadcast::received(name, frame.clone()) {
                assert_eq!(broadcast.sent_frame(), &frame);
                assert_eq!(**broadcast.topic(), *topic.as_str());
                assert!(broadcast.payload().as_json().is_none_or(|json| frame.len() > json.len()));
            }
            len
        }
        Entry::Message { body, .. } | Entry::Question { body, .. } | Entry::Answer { body, .. } => {
            body.len()
        }
        entry => panic!("{entry:?} is nobody's"),
    }
}

fn written_again(payload: &Bytes) {
    let Ok((header, entries)) = framing::read(payload) else { return };
    let mut writer = Writer::new(header, payload.len() - HEADER);
    for entry in &entries {
        writer.entry(|out| entry.put(out));
    }
    let again = framing::read(&writer.finish());
    assert_eq!(again, Ok((header, entries)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::framing::{Entry, Header, Heartbeat, Piece, Writer};
    use super::{NodeId, payloads};

    fn some_entry() -> impl Strategy<Value = Entry> {
        let piece = (0..40_u32, 0..80_u32, prop::collection::vec(any::<u8>(), 0..30));
        let heartbeat = (any::<bool>(), prop::collection::vec((0..4_u16, 0..20_u64), 0..3));
        prop_oneof![
            piece.prop_map(|(offset, whole, bytes)| {
                Entry::Piece(Piece { offset, whole, bytes: bytes.into() })
            }),
            heartbeat.prop_map(|(greets, channels)| {
                let nodes = vec![(super::THIS, 3)];
                Entry::Heartbeat(Heartbeat { greets, name: "n".into(), channels, nodes })
            }),
            Just(Entry::Goodbye),
            any::<u8>().prop_map(|port| Entry::Message { port, body: vec![port].into() }),
            Just(Entry::Broadcast {
                topic: "t".into(),
                frame: b"\x81\x16[null,null,\"t\",\"e\",11]".to_vec().into(),
            }),
        ]
    }

    fn some_payload() -> impl Strategy<Value = Vec<u8>> {
        let entries = prop::collection::vec(some_entry(), 0..4);
        (1..3_u64, prop::option::of(0..20_u64), entries, any::<u8>()).prop_map(
            |(node, first, entries, how)| {
                let mut writer = Writer::new(Header { tag: 0, node: NodeId(node), first }, 0);
                for entry in entries {
                    writer.entry(|out| entry.put(out));
                }
                let payload = writer.finish();
                let len = u8::try_from(payload.len().min(255)).unwrap();
                [&[len, how][..], &payload[..usize::from(len)]].concat()
            },
        )
    }

    proptest! {
        #[test]
        fn whatever_an_engine_delivers_is_taken_or_refused(
            all in prop::collection::vec(some_payload(), 0..20),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = all.concat();
            for (at, byte) in changes {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            payloads(&bytes);
        }
    }
}
