//! Messages as bytes, of others and of nobody.

use proptest::prelude::*;
use tokio::time::Instant;

use super::super::{
    super::{fuzzing, meta::PresenceMeta},
    Entry, Limits, Message, Output, Replica, To,
    digest::Digest,
    message::{Feed, Heartbeat, Item, MessageError, Want},
};

fn entry(topic: &str, key: &str, meta: &str) -> Entry {
    let meta = PresenceMeta::received(meta).unwrap();
    Entry { topic: topic.into(), key: key.into(), meta }
}

fn bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.put(&mut bytes);
    bytes
}

fn item() -> impl Strategy<Value = (u64, Option<Entry>)> {
    let meta = "\\{\"phx_ref\":\"[a-zA-Z0-9_é-]{0,16}\",\"n\":\\[-?[1-9]{1,4}, null\\]\\}";
    let entry =
        (".{0,9}", ".{0,9}", meta).prop_map(|(topic, key, meta)| entry(&topic, &key, &meta));
    (0..9_u64, prop::option::of(entry))
}

/// Versions that a replica might really send, and some that it would not.
fn version() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..9_u64, 1 => any::<u64>()]
}

fn message() -> impl Strategy<Value = Message> {
    let feed = (prop::option::of(0..3_u64), any::<bool>(), version(), any::<[u8; 2]>());
    let feed = (feed, prop::collection::vec(item(), 0..6));
    prop_oneof![
        1 => (version(), any::<u64>()).prop_map(|(version, digest)| {
            Message::Heartbeat(Heartbeat { version, digest: Digest(digest) })
        }),
        1 => (0..3_u64, version(), prop::option::of(version()))
            .prop_map(|(nonce, after, whole)| Message::Want(Want { nonce, after, whole })),
        4 => feed.prop_map(|((answers, whole, after, [more, latest]), items)| {
            let mut version = after;
            let next = |(number, entry)| {
                version = version.checked_add(1)?;
                Some(Item { number, version, entry })
            };
            let items: Vec<_> = items.into_iter().map_while(next).collect();
            let upto = version.saturating_add(u64::from(more % 3));
            let latest = upto.saturating_add(u64::from(latest % 3));
            Message::Feed(Feed { answers, whole, after, upto, latest, items })
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in message()) {
        let written = bytes(&message);
        let read = Message::read(&written).unwrap();
        prop_assert_eq!(bytes(&read), written);
        prop_assert_eq!(format!("{read:?}"), format!("{message:?}"));
    }

    #[test]
    fn what_is_cut_off_or_follows_is_refused(message in message(), cut: prop::sample::Index) {
        let written = bytes(&message);
        prop_assert!(Message::read(&written[..cut.index(written.len())]).is_err());
        let longer = Message::read(&[&written[..], b"0"].concat());
        prop_assert_eq!(longer.unwrap_err(), MessageError::Long);
    }

    /// Some of them damaged.
    #[test]
    fn no_message_confuses_a_replica(
        messages in prop::collection::vec((any::<u8>(), message()), 0..40),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut all = Vec::new();
        for (index, (from, message)) in messages.iter().enumerate() {
            let mut bytes = bytes(message);
            if index % 4 == 0 {
                for (at, byte) in &changes {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            all.push(*from);
            all.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
            all.extend_from_slice(&bytes);
        }
        fuzzing::messages(&all);
    }

    #[test]
    fn no_bytes_confuse_a_replica(bytes in prop::collection::vec(0..5_u8, 0..300)) {
        fuzzing::messages(&bytes);
    }
}

#[test]
fn what_is_no_meta_is_refused() {
    let written = bytes(&Message::Feed(Feed {
        answers: None,
        whole: false,
        after: 0,
        upto: 1,
        latest: 1,
        items: vec![Item {
            number: 1,
            version: 1,
            entry: Some(entry("t", "k", r#"{"phx_ref":"x"}"#)),
        }],
    }));
    let start = written.len() - r#"{"phx_ref":"x"}"#.len();
    for meta in
        [r#"["x"          ]"#, r#"{"phx_ref":1  }"#, r#"{"phx_rex":"x"}"#, r#" {"phx_ref":""}"#]
    {
        let wrong = [&written[..start], meta.as_bytes()].concat();
        assert_eq!(Message::read(&wrong).unwrap_err(), MessageError::NotMeta, "{meta}");
    }
    let wrong = [&written[..start], &[0xff; 15]].concat();
    assert_eq!(Message::read(&wrong).unwrap_err(), MessageError::NotText);
}

#[test]
fn a_meta_may_be_as_deep_as_a_message_is_long() {
    let deep =
        format!(r#"{{"phx_ref":"x","deep":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(PresenceMeta::received(&deep).is_some());
}

#[test]
fn an_entry_that_is_too_large_to_be_told_others_is_none_to_them() {
    let mut replica = Replica::new(Limits::within(1000), Instant::now());
    let large = format!(r#"{{"phx_ref":"x","of":"{}"}}"#, "x".repeat(500));
    assert!(replica.upsert(1, entry("t", "k", r#"{"phx_ref":"small"}"#)));
    assert!(!replica.upsert(1, entry("t", "k", &large)));
    assert!(!replica.upsert(2, entry("t", "k", &large)));
    let mut out = Output::default();
    replica.flush(&mut out);
    let [(To::All, Message::Feed(feed))] = &*out.messages else { panic!("{out:?}") };
    assert!(feed.items.iter().all(|item| item.entry.is_none()), "{feed:?}");
}
