//! What subscribers are told, and when: together, late, or only a number.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

use super::{Client, TOPIC, channel, endpoint, list};
use crate::{
    Presence,
    channel::Socket,
    endpoint::Endpoint,
    presence::{PresenceOptions, PresenceRef},
    pubsub::Subscription,
};

const TICK: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_secs(3);

struct Room {
    presence: Presence,
    endpoint: Endpoint,
    diffs: Subscription,
    client: Client,
}

impl Room {
    fn new(options: PresenceOptions) -> Self {
        let endpoint = endpoint();
        let diffs = endpoint.subscribe(TOPIC);
        let presence = Presence::with_options(options);
        Self { presence, endpoint, diffs, client: Client::default() }
    }

    fn enter(&self, key: impl ToString, meta: Value) -> (Socket, PresenceRef) {
        let socket = channel(&self.endpoint);
        let reference = self.presence.track(&socket, key.to_string(), meta).unwrap();
        (socket, reference)
    }

    /// How many diffs have come since it was asked last.
    async fn told(&mut self) -> usize {
        // Diffs are handed out by tasks.
        sleep(Duration::from_millis(1)).await;
        self.client.catch_up(&mut self.diffs)
    }

    async fn count(&mut self) -> Option<Value> {
        sleep(Duration::from_millis(1)).await;
        let message = self.diffs.recv().now_or_never()?.unwrap();
        assert_eq!(message.event(), "presence_count");
        Some(message.decode().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_comes_within_a_tick_is_one_diff() {
    let mut room = Room::new(PresenceOptions::new().coalesce(TICK));
    let mut crowd = vec![room.enter(0, json!({}))];
    assert_eq!(room.told().await, 1, "the first one of a quiet topic is told at once");
    crowd.extend((1..1_000).map(|key| room.enter(key, json!({}))));
    assert_eq!(room.presence.count(TOPIC), 1_000);
    assert_eq!(room.told().await, 0);
    advance(TICK).await;
    assert_eq!(room.told().await, 1);
    assert_eq!(room.client, Client::of_state(&list(&room.presence)));
    drop(crowd);
    assert_eq!(room.told().await, 0);
    advance(TICK).await;
    assert_eq!(room.told().await, 1);
    assert_eq!(room.client, Client::default());
    // A quiet tick later, the next one is told at once again.
    advance(2 * TICK).await;
    assert_eq!(room.told().await, 0);
    assert_eq!(room.presence.shared.topics.len(), 0);
    let _next = room.enter("next", json!({}));
    assert_eq!(room.told().await, 1);
}

/// How many messages each client of a room is sent when a thousand join it within a second.
async fn messages_of_a_thousand_joins(options: PresenceOptions) -> usize {
    let mut room = Room::new(options);
    let mut crowd = Vec::new();
    let mut told = 0;
    for key in 0..1_000 {
        crowd.push(room.enter(key, json!({})));
        told += room.told().await;
    }
    sleep(TICK).await;
    told += room.told().await;
    assert_eq!(room.client, Client::of_state(&list(&room.presence)));
    told
}

#[tokio::test(start_paused = true)]
async fn a_thousand_joins_within_a_second_are_a_thousand_messages_or_three() {
    assert_eq!(messages_of_a_thousand_joins(PresenceOptions::new()).await, 1_000);
    let coalesced = messages_of_a_thousand_joins(PresenceOptions::new().coalesce(TICK)).await;
    assert!((3..=4).contains(&coalesced), "{coalesced}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_goes_between_two_diffs_is_not_mentioned() {
    let mut room = Room::new(PresenceOptions::new().coalesce(TICK));
    let _stays = room.enter("stays", json!({}));
    assert_eq!(room.told().await, 1);
    drop(room.enter("passes", json!({})));
    advance(TICK).await;
    assert_eq!(room.told().await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_was_listed_before_it_was_told_leaves_no_ghost() {
    let room = Room::new(PresenceOptions::new().coalesce(TICK));
    let _stays = room.enter("stays", json!({}));
    let (passes, _) = room.enter("passes", json!({}));
    // A client joins now, gets this as its state, and then the diffs.
    let mut newcomer = Client::of_state(&list(&room.presence));
    let mut diffs = room.endpoint.subscribe(TOPIC);
    drop(passes);
    advance(TICK).await;
    sleep(Duration::from_millis(1)).await;
    let diff: Value = diffs.recv().now_or_never().expect("a diff").unwrap().decode().unwrap();
    newcomer.leave(&diff["leaves"]);
    assert_eq!(newcomer, Client::of_state(&list(&room.presence)));
}

/// Without coalescing, the time in which a change is not told yet is that of telling another one.
#[test]
fn who_was_listed_while_another_change_was_told_leaves_no_ghost() {
    let endpoint = endpoint();
    let (first, second) = (channel(&endpoint), Mutex::new(Some(channel(&endpoint))));
    let (seen, presence) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None::<Presence>)));
    let hook = {
        let (seen, presence) = (seen.clone(), presence.clone());
        move |_: &str, _: &mut _| {
            let Some(socket) = second.lock().unwrap().take() else { return };
            let presence = presence.lock().unwrap().clone().unwrap();
            presence.track(&socket, "passes", json!({})).unwrap();
            *seen.lock().unwrap() = Some(list(&presence));
            presence.untrack(&socket, "passes");
        }
    };
    let shared = Presence::with_fetch(hook);
    *presence.lock().unwrap() = Some(shared.clone());
    let mut diffs = endpoint.subscribe(TOPIC);
    shared.track(&first, "stays", json!({})).unwrap();
    let seen = seen.lock().unwrap().take().unwrap();
    let mut newcomer = Client::of_state(&seen);
    // It has the first one's join already.
    diffs.recv().now_or_never().unwrap().unwrap();
    let diff: Value = diffs.recv().now_or_never().expect("a diff").unwrap().decode().unwrap();
    newcomer.leave(&diff["leaves"]);
    assert_eq!(newcomer, Client::of_state(&list(&shared)));
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_within_the_grace_has_never_left() {
    let mut room = Room::new(PresenceOptions::new().leave_grace(GRACE));
    let (first, before) = room.enter("ann", json!({ "device": "phone", "phx_ref": "made up" }));
    assert_eq!(room.told().await, 1);
    drop(first);
    advance(GRACE / 2).await;
    assert_eq!(room.presence.keys(TOPIC), ["ann"]);
    let (second, after) = room.enter("ann", json!({ "device": "phone" }));
    assert_eq!(after, before);
    advance(2 * GRACE).await;
    assert_eq!(room.told().await, 0);
    drop(second);
    advance(GRACE).await;
    assert_eq!(room.told().await, 1);
    assert_eq!(room.client, Client::default());
    assert_eq!(room.presence.count(TOPIC), 0);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_with_another_meta_is_updated() {
    let mut room = Room::new(PresenceOptions::new().leave_grace(GRACE));
    let (first, before) = room.enter("ann", json!({ "device": "phone" }));
    room.told().await;
    drop(first);
    let (second, after) = room.enter("ann", json!({ "device": "laptop" }));
    assert_eq!(room.told().await, 1);
    let meta = json!({ "device": "laptop", "phx_ref": after, "phx_ref_prev": before });
    assert_eq!(list(&room.presence), json!({ "ann": { "metas": [meta] } }));
    // What it took over is its own to change.
    room.presence.update(&second, "ann", json!({})).unwrap();
    assert_eq!(room.told().await, 1);
    room.presence.untrack(&second, "ann");
    assert_eq!(room.told().await, 1);
    assert_eq!(room.client, Client::default());
}

#[tokio::test(start_paused = true)]
async fn each_of_several_that_left_is_taken_over_once() {
    let mut room = Room::new(PresenceOptions::new().leave_grace(GRACE));
    let (phone, laptop) = (room.enter("ann", json!({})), room.enter("ann", json!({})));
    drop((phone, laptop));
    let _back = room.enter("ann", json!({}));
    advance(GRACE).await;
    room.told().await;
    assert_eq!(room.presence.get(TOPIC, "ann").unwrap().metas().len(), 1);
    assert_eq!(room.client, Client::of_state(&list(&room.presence)));
}

#[tokio::test(start_paused = true)]
async fn in_a_topic_that_is_counted_clients_are_told_the_number_when_it_changes() {
    let options = PresenceOptions::new().count_only(|topic| topic == TOPIC).coalesce(TICK);
    let mut room = Room::new(options);
    let (ann, _) = room.enter("ann", json!({}));
    assert_eq!(room.count().await, Some(json!({ "count": 1 })));
    let crowd: Vec<_> = (0..10).map(|key| room.enter(key, json!({}))).collect();
    advance(TICK).await;
    assert_eq!(room.count().await, Some(json!({ "count": 11 })));
    room.presence.update(&ann, "ann", json!({ "typing": true })).unwrap();
    let _other = room.enter("ann", json!({}));
    advance(TICK).await;
    assert_eq!(room.count().await, None, "nobody new is there");
    drop(crowd);
    advance(TICK).await;
    assert_eq!(room.count().await, Some(json!({ "count": 1 })));
}
