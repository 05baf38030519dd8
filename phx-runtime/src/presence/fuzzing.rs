//! What holds for any bytes that another node may send, as a function that panics where it does not.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::{
    change::{Change, ReplicaId},
    meta::PresenceMeta,
    replica::{Entry, Limits, Message, Output, Replica},
};

/// Messages of two nodes, one after the other, each after a byte for its sender and two for its
/// length. What is read is written to the same; who leaves was there; with a node all its entries go;
/// and of this node's own nothing changes.
pub fn messages(mut bytes: &[u8]) {
    let (now, mut out) = (Instant::now(), Output::default());
    let mut replica = Replica::new(Limits::within(4096), now);
    let Some(meta) = PresenceMeta::received(r#"{"phx_ref":"own"}"#) else { panic!("it is one") };
    assert!(replica.upsert(1, Entry { topic: "t".into(), key: "own".into(), meta }));
    let nodes = [0, 1].map(ReplicaId);
    for id in nodes {
        replica.up(id, now, &mut out);
    }
    while let Some((&[from, high, low], rest)) = bytes.split_first_chunk::<3>() {
        let (body, rest) =
            rest.split_at(rest.len().min(usize::from(u16::from_be_bytes([high, low]))));
        bytes = rest;
        let Ok(message) = Message::read(body) else { continue };
        let mut again = Vec::new();
        message.put(&mut again);
        // Flags and nonces that say nothing are not kept.
        assert_eq!(again.len(), body.len());
        replica.receive(nodes[usize::from(from % 2)], message, now, &mut out);
    }
    for id in nodes {
        replica.down(id, &mut out);
    }
    let mut there = BTreeSet::new();
    for (topic, change) in out.changes {
        match change {
            Change::Upsert { key, id, .. } => drop(there.insert((topic, key, id))),
            Change::Remove { key, id } => {
                assert!(there.remove(&(topic, key, id)), "{id:?} left and was not there");
            }
        }
    }
    assert_eq!(there, BTreeSet::new(), "nodes have gone");
    assert_eq!(replica.own_keys(), ["own"]);
}
