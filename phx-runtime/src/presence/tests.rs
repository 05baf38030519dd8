//! What subscribers are told adds up to what lists say.

pub(super) mod dice;
mod nodes;
mod telling;

use std::{collections::BTreeMap, sync::Arc, thread};

use futures_util::FutureExt;
use parking_lot::Mutex;
use proptest::prelude::*;
use serde_json::{Map, Value, json, value::to_raw_value};

use super::{
    change::{Change, EntryId, ReplicaId, Watcher},
    error::{TrackError, UpdateError},
    handle::Presence,
    meta::PresenceMeta,
};
use crate::{
    channel::{Socket, detached},
    endpoint::Endpoint,
    message::Topic,
    pubsub::Subscription,
};

const TOPIC: &str = "room:1";

fn endpoint() -> Endpoint {
    Endpoint::builder().build().unwrap()
}

/// A joined channel; it ends when all its handles are dropped.
fn channel(endpoint: &Endpoint) -> Socket {
    detached(TOPIC.into(), endpoint.clone())
}

/// A client that has got all diffs: for each key and `phx_ref` the meta.
#[derive(Debug, Default, PartialEq)]
struct Client(BTreeMap<String, BTreeMap<String, Value>>);

impl Client {
    fn of_state(state: &Value) -> Self {
        let mut client = Self::default();
        client.join(state);
        client
    }

    /// Applies all diffs that have arrived, and tells how many those were.
    fn catch_up(&mut self, diffs: &mut Subscription) -> usize {
        let mut count = 0;
        while let Some(diff) = diffs.recv().now_or_never() {
            let diff: Value = diff.unwrap().decode().unwrap();
            self.join(&diff["joins"]);
            self.leave(&diff["leaves"]);
            count += 1;
        }
        count
    }

    fn join(&mut self, joins: &Value) {
        for (key, meta) in metas(joins) {
            let of_key = self.0.entry(key).or_default();
            let before = of_key.insert(reference(&meta), meta);
            assert_eq!(before, None, "a meta joined twice");
        }
    }

    fn leave(&mut self, leaves: &Value) {
        for (key, meta) in metas(leaves) {
            let of_key = self.0.entry(key.clone()).or_default();
            let before = of_key.remove(&reference(&meta));
            assert_eq!(before, Some(meta), "what leaves is not what joined");
            if of_key.is_empty() {
                self.0.remove(&key);
            }
        }
    }
}

fn metas(side: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (key, entry) in side.as_object().unwrap() {
        let metas = entry["metas"].as_array().unwrap();
        assert!(!metas.is_empty(), "a key without metas");
        all.extend(metas.iter().map(|meta| (key.clone(), meta.clone())));
    }
    all
}

fn reference(meta: &Value) -> String {
    meta["phx_ref"].as_str().unwrap().to_owned()
}

fn list(presence: &Presence) -> Value {
    serde_json::to_value(presence.list(TOPIC)).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Track { channel: usize, key: u8, meta: u8 },
    Untrack { channel: usize, key: u8 },
    Update { channel: usize, key: u8, meta: u8 },
    UpdateWith { channel: usize, key: u8 },
    End { channel: usize },
}

const CHANNELS: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let (channel, key) = (0..CHANNELS, 0..3_u8);
    prop_oneof![
        4 => (channel.clone(), key.clone(), any::<u8>())
            .prop_map(|(channel, key, meta)| Step::Track { channel, key, meta }),
        2 => (channel.clone(), key.clone()).prop_map(|(channel, key)| Step::Untrack { channel, key }),
        2 => (channel.clone(), key.clone(), any::<u8>())
            .prop_map(|(channel, key, meta)| Step::Update { channel, key, meta }),
        2 => (channel.clone(), key).prop_map(|(channel, key)| Step::UpdateWith { channel, key }),
        1 => channel.prop_map(|channel| Step::End { channel }),
    ]
}

/// What a channel tracks, as the test sees it: the metas without references.
type Expected = BTreeMap<u8, Value>;

/// Takes a step in reality and in the model, and compares the results.
fn take(
    step: &Step,
    presence: &Presence,
    endpoint: &Endpoint,
    channels: &mut [(Socket, Expected)],
) {
    match *step {
        Step::Track { channel, key, meta } => {
            let (socket, tracked) = &mut channels[channel];
            let meta = json!({ "n": meta });
            match presence.track(socket, key, &meta) {
                Ok(_) => assert_eq!(tracked.insert(key, meta), None),
                Err(TrackError::AlreadyTracked { .. }) => assert!(tracked.contains_key(&key)),
                Err(error) => panic!("{error}"),
            }
        }
        Step::Untrack { channel, key } => {
            let (socket, tracked) = &mut channels[channel];
            presence.untrack(socket, key);
            tracked.remove(&key);
        }
        Step::Update { channel, key, meta } => {
            let (socket, tracked) = &mut channels[channel];
            let meta = json!({ "n": meta });
            match presence.update(socket, key, &meta) {
                Ok(_) => assert!(tracked.insert(key, meta).is_some()),
                Err(UpdateError::NotTracked { .. }) => assert!(!tracked.contains_key(&key)),
                Err(error) => panic!("{error}"),
            }
        }
        Step::UpdateWith { channel, key } => {
            let (socket, tracked) = &mut channels[channel];
            let add = |mut meta: Map<String, Value>| {
                meta.insert("more".to_owned(), true.into());
                meta
            };
            match presence.update_with(socket, key, add) {
                Ok(_) => tracked.get_mut(&key).unwrap()["more"] = true.into(),
                Err(UpdateError::NotTracked { .. }) => assert!(!tracked.contains_key(&key)),
                Err(error) => panic!("{error}"),
            }
        }
        Step::End { channel: ended } => channels[ended] = (channel(endpoint), Expected::new()),
    }
}

proptest! {
    #[test]
    fn all_diffs_together_are_the_list_at_any_time(steps in prop::collection::vec(step(), 1..60)) {
        let (presence, endpoint) = (Presence::new(), endpoint());
        let mut diffs = endpoint.subscribe(TOPIC);
        let mut client = Client::default();
        let mut channels: Vec<_> =
            (0..CHANNELS).map(|_| (channel(&endpoint), Expected::new())).collect();
        for step in &steps {
            take(step, &presence, &endpoint, &mut channels);
            let told = client.catch_up(&mut diffs);
            prop_assert!(told <= 1, "one change, {} diffs", told);
            let list = list(&presence);
            prop_assert_eq!(&Client::of_state(&list), &client);
            let mut present: Vec<_> = metas(&list)
                .into_iter()
                .map(|(key, mut meta)| {
                    let fields = meta.as_object_mut().unwrap();
                    fields.remove("phx_ref");
                    fields.remove("phx_ref_prev");
                    (key, meta.to_string())
                })
                .collect();
            let mut expected: Vec<_> = channels
                .iter()
                .flat_map(|(_, tracked)| tracked)
                .map(|(key, meta)| (key.to_string(), meta.to_string()))
                .collect();
            present.sort();
            expected.sort();
            prop_assert_eq!(present, expected);
        }
        channels.clear();
        client.catch_up(&mut diffs);
        prop_assert_eq!(client, Client::default());
        prop_assert_eq!(presence.shared.topics.len(), 0);
    }
}

#[test]
fn diffs_of_many_threads_arrive_in_the_order_of_the_changes() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let mut diffs = endpoint.subscribe(TOPIC);
    let mut client = Client::default();
    for _ in 0..10 {
        thread::scope(|threads| {
            for key in 0..4 {
                let (presence, endpoint) = (&presence, &endpoint);
                threads.spawn(move || {
                    for round in 0..10 {
                        let socket = channel(endpoint);
                        presence.track(&socket, key, json!({})).unwrap();
                        presence.track(&socket, "all", json!({})).unwrap();
                        presence.update(&socket, key, json!({ "round": round })).unwrap();
                        if round % 2 == 0 {
                            presence.untrack(&socket, key);
                        }
                    }
                });
            }
        });
        // Every join and leave is checked on the way.
        client.catch_up(&mut diffs);
        assert_eq!(client, Client::default());
        assert_eq!(presence.shared.topics.len(), 0);
    }
}

#[test]
fn metas_of_a_key_stay_in_joining_order() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let sockets = [(); 3].map(|()| channel(&endpoint));
    for (index, socket) in sockets.iter().enumerate() {
        presence.track(socket, "", json!({ "index": index })).unwrap();
    }
    presence.update(&sockets[0], "", json!({ "index": 0, "new": true })).unwrap();
    let entry = presence.get(TOPIC, "").unwrap();
    let indexes: Vec<_> =
        entry.metas().iter().map(|meta| meta.decode::<Value>().unwrap()["index"].clone()).collect();
    assert_eq!(indexes, [0, 1, 2]);
}

#[test]
fn an_update_is_one_diff_with_both_metas() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let socket = channel(&endpoint);
    let first = presence.track(&socket, "a", json!({ "v": 1 })).unwrap();
    let mut diffs = endpoint.subscribe(TOPIC);
    let second = presence.update(&socket, "a", json!({ "v": 2 })).unwrap();
    let third = presence.update_with(&socket, "a", |_: Value| json!({ "v": 3 })).unwrap();
    let mut next = || diffs.recv().now_or_never().unwrap().unwrap().decode::<Value>().unwrap();
    assert_eq!(
        next(),
        json!({
            "joins": { "a": { "metas": [{ "v": 2, "phx_ref": second, "phx_ref_prev": first }] } },
            "leaves": { "a": { "metas": [{ "v": 1, "phx_ref": first }] } },
        }),
    );
    assert_eq!(
        next()["joins"]["a"]["metas"],
        json!([{ "v": 3, "phx_ref": third, "phx_ref_prev": second }]),
    );
}

#[test]
fn a_channel_that_ends_leaves_with_all_its_keys_in_one_diff() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let (socket, other) = (channel(&endpoint), channel(&endpoint));
    presence.track(&socket, "a", json!({})).unwrap();
    presence.track(&socket, "b", json!({})).unwrap();
    let stays = presence.track(&other, "b", json!({})).unwrap();
    let mut diffs = endpoint.subscribe(TOPIC);
    drop(socket);
    let diff: Value = diffs.recv().now_or_never().unwrap().unwrap().decode().unwrap();
    assert_eq!(metas(&diff["leaves"]).len(), 2);
    assert!(diffs.recv().now_or_never().is_none());
    assert_eq!(list(&presence), json!({ "b": { "metas": [{ "phx_ref": stays }] } }));
}

#[test]
fn what_fetch_adds_is_in_lists_and_in_both_sides_of_diffs() {
    let presence = Presence::with_fetch(|topic, present| {
        for (key, entry) in present.iter_mut() {
            entry.insert("name", format!("{key} of {topic}"));
            entry.insert("metas", json!([]));
        }
    });
    let endpoint = endpoint();
    let mut diffs = endpoint.subscribe(TOPIC);
    let socket = channel(&endpoint);
    let made = presence.track(&socket, "a", json!({})).unwrap();
    let shown = json!({ "a": { "metas": [{ "phx_ref": made }], "name": "a of room:1" } });
    assert_eq!(list(&presence), shown);
    assert_eq!(serde_json::to_value(presence.get(TOPIC, "a")).unwrap(), shown["a"]);
    drop(socket);
    let mut next = || diffs.recv().now_or_never().unwrap().unwrap().decode::<Value>().unwrap();
    assert_eq!(next(), json!({ "joins": shown, "leaves": {} }));
    assert_eq!(next(), json!({ "joins": {}, "leaves": shown }));
}

#[test]
fn a_fetch_that_panics_does_not_stop_later_diffs() {
    let presence = Presence::with_fetch(|_, present| {
        assert!(present.get("unlucky").is_none(), "on purpose");
    });
    let endpoint = endpoint();
    let mut diffs = endpoint.subscribe(TOPIC);
    let socket = channel(&endpoint);
    presence.track(&socket, "unlucky", json!({})).unwrap();
    presence.track(&socket, "lucky", json!({})).unwrap();
    let mut client = Client::default();
    assert_eq!(client.catch_up(&mut diffs), 2);
    assert_eq!(client.0.len(), 2);
}

#[test]
fn the_state_of_one_topic_or_key_says_nothing_of_others() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let socket = channel(&endpoint);
    presence.track(&socket, 1, json!({})).unwrap();
    assert_eq!(presence.get(TOPIC, 1).unwrap().metas().len(), 1);
    assert!(presence.get(TOPIC, 2).is_none());
    assert!(presence.get("room:2", 1).is_none());
    assert!(presence.list("room:2").is_empty());
}

#[test]
fn a_presence_is_state_of_one_endpoint() {
    let presence = Presence::new();
    let build = || Endpoint::builder().state(presence.clone()).build();
    let first = build();
    assert!(first.is_ok());
    assert_eq!(build().unwrap_err().kind(), "presence");
}

#[test]
fn another_endpoints_channel_is_refused() {
    let presence = Presence::new();
    let (here, there) = (channel(&endpoint()), channel(&endpoint()));
    presence.track(&here, 1, json!({})).unwrap();
    let refused = presence.track(&there, 1, json!({}));
    assert!(matches!(refused, Err(TrackError::OtherEndpoint)));
}

#[test]
fn refusals_say_why_in_phoenix_words() {
    let presence = Presence::new();
    let socket = channel(&endpoint());
    presence.track(&socket, 1, json!({})).unwrap();
    let twice = presence.track(&socket, 1, json!({})).unwrap_err().to_string();
    assert!(twice.contains("already_tracked"), "{twice}");
    let absent = presence.update(&socket, 2, json!({})).unwrap_err().to_string();
    assert!(absent.contains("nopresence"), "{absent}");
    let meta = presence.track(&socket, 3, "text").unwrap_err().to_string();
    assert!(meta.contains("object"), "{meta}");
}

#[test]
fn a_channel_tracks_no_more_keys_than_allowed_in_one_presence() {
    let endpoint = Endpoint::builder().build().unwrap();
    let (ann, bob) = (channel(&endpoint), channel(&endpoint));
    let presence = Presence::new();
    for key in 0..100 {
        presence.track(&ann, key, json!({})).unwrap();
    }
    let error = presence.track(&ann, "one more", json!({})).unwrap_err();
    assert!(matches!(error, TrackError::TooManyKeys { most: 100, .. }), "{error}");
    let error = presence.track(&ann, 7, json!({})).unwrap_err();
    assert!(matches!(error, TrackError::AlreadyTracked { .. }), "{error}");
    // Another channel has keys of its own, and one that goes makes room.
    presence.track(&bob, "one more", json!({})).unwrap();
    presence.untrack(&ann, 0);
    presence.track(&ann, "one more", json!({})).unwrap();
    assert_eq!(presence.list(TOPIC).len(), 100);
}

#[test]
fn entries_of_others_come_and_go_in_one_diff_for_each_lot_and_repeated_ones_change_nothing() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let mut diffs = endpoint.subscribe(TOPIC);
    let mut client = Client::default();
    let here = channel(&endpoint);
    presence.track(&here, "ann", json!({ "at": "here" })).unwrap();
    let of = |number| EntryId { number, replica: ReplicaId(7) };
    let meta = |reference: &str| {
        let text = json!({ "phx_ref": reference, "of": "elsewhere" });
        PresenceMeta::foreign(reference.into(), to_raw_value(&text).unwrap())
    };
    let upsert = |key: &str, number, reference| Change::Upsert {
        key: key.into(),
        id: of(number),
        meta: meta(reference),
    };
    let mut apply = |changes: &[Change]| {
        presence.shared.take_over(&TOPIC.into(), changes.to_vec());
        let told = client.catch_up(&mut diffs);
        assert_eq!(client, Client::of_state(&list(&presence)));
        told
    };
    let both = [upsert("ann", 1, "x"), upsert("bob", 2, "y")];
    assert_eq!(apply(&both), 2, "one of the own track, one of the two entries");
    assert_eq!(apply(&both), 0);
    assert_eq!(apply(&[upsert("bob", 2, "z")]), 1);
    let gone = [
        Change::Remove { key: "ann".into(), id: of(1) },
        Change::Remove { key: "bob".into(), id: of(2) },
        Change::Remove { key: "eve".into(), id: of(3) },
    ];
    assert_eq!(apply(&gone), 1);
    assert_eq!(apply(&gone), 0);
    assert_eq!(presence.get(TOPIC, "ann").unwrap().metas().len(), 1);
}

/// An entry of another node.
fn others_entry(number: u64, reference: &str) -> Change {
    let meta = to_raw_value(&json!({ "phx_ref": reference })).unwrap();
    let id = EntryId { number, replica: ReplicaId(7) };
    Change::Upsert { key: "a".into(), id, meta: PresenceMeta::foreign(reference.into(), meta) }
}

#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl Watcher for Noted {
    fn changed(&self, topic: &Topic, changes: &[Change]) {
        for change in changes {
            let note = match change {
                Change::Upsert { key, id, .. } => format!("{topic} {key} {}", id.number),
                Change::Remove { key, id } => format!("{topic} {key} {} gone", id.number),
            };
            self.0.lock().push(note);
        }
    }
}

#[test]
fn who_watches_is_told_of_this_nodes_own_entries_alone() {
    let (presence, endpoint) = (Presence::new(), endpoint());
    let noted = Arc::new(Noted::default());
    presence.shared.watch(noted.clone());
    let socket = channel(&endpoint);
    presence.track(&socket, "a", json!({})).unwrap();
    presence.update(&socket, "a", json!({ "v": 2 })).unwrap();
    presence.track(&socket, "b", json!({})).unwrap();
    presence.untrack(&socket, "a");
    presence.shared.take_over(&TOPIC.into(), vec![others_entry(1, "r")]);
    drop(socket);
    let expected = ["a 0", "a 0", "b 1", "a 0 gone", "b 1 gone"];
    assert_eq!(*noted.0.lock(), expected.map(|note| format!("{TOPIC} {note}")));
}
