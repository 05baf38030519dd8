//! Presences of three nodes, as clients of each of them are told.

use std::time::Duration;

use phx_runtime::{
    Endpoint, Presence,
    cluster::{Cluster, Hub},
    json,
    presence::PresenceOptions,
    testing::{Client, ClientChannel},
};
use serde_json::Value;

use super::support::SECRET;
use crate::support::{patience::eventually, present::Guest};

struct Node {
    endpoint: Endpoint,
    presence: Presence,
}

impl Node {
    async fn start(hub: &Hub, options: PresenceOptions) -> Self {
        let presence = Presence::with_options(options);
        let endpoint = Endpoint::builder()
            .secret(SECRET)
            .state(presence.clone())
            .socket::<Guest>()
            .cluster(Cluster::adapter(hub.adapter()))
            .build()
            .unwrap();
        endpoint.join_cluster().await.unwrap();
        Self { endpoint, presence }
    }

    async fn enter(&self, name: &str) -> Visitor {
        let client = Guest::named(&self.endpoint, name).await;
        let channel = client.join(TOPIC, json!({})).await.unwrap();
        let state = channel.expect_push("presence_state", None).await.unwrap();
        Visitor { client, channel, state: state.decode().unwrap() }
    }
}

const TOPIC: &str = "room:1";

struct Visitor {
    client: Client,
    channel: ClientChannel,
    state: Value,
}

impl Visitor {
    /// The keys that joined and left in the next diff.
    async fn diff(&self) -> (Vec<String>, Vec<String>) {
        let diff = self.channel.expect_push("presence_diff", None).await.unwrap();
        let diff: Value = diff.decode().unwrap();
        (keys(&diff["joins"]), keys(&diff["leaves"]))
    }

    async fn hears_nothing(&self) {
        self.channel.expect_no_push("presence_diff", None).await.unwrap();
    }
}

fn keys(state: &Value) -> Vec<String> {
    state.as_object().unwrap().keys().cloned().collect()
}

fn joined(keys: &[&str]) -> (Vec<String>, Vec<String>) {
    (keys.iter().copied().map(str::to_owned).collect(), Vec::new())
}

fn left(keys: &[&str]) -> (Vec<String>, Vec<String>) {
    let (keys, none) = joined(keys);
    (none, keys)
}

async fn three(hub: &Hub, options: impl Fn() -> PresenceOptions) -> [Node; 3] {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::start(hub, options()).await);
    }
    for node in &nodes {
        eventually(|| node.endpoint.nodes().len() == 2).await;
    }
    let Ok(nodes) = nodes.try_into() else { unreachable!() };
    nodes
}

#[tokio::test(start_paused = true)]
async fn clients_are_told_who_comes_and_goes_on_any_node() {
    let hub = Hub::new();
    let [a, b, c] = three(&hub, PresenceOptions::new).await;
    let ann = a.enter("ann").await;
    assert_eq!(ann.diff().await, joined(&["ann"]));
    eventually(|| b.presence.count(TOPIC) == 1).await;
    let bob = b.enter("bob").await;
    assert_eq!(keys(&bob.state), ["ann", "bob"]);
    assert_eq!(bob.state["ann"], ann.state["ann"], "the same on every node");
    assert_eq!(ann.diff().await, joined(&["bob"]));
    eventually(|| c.presence.count(TOPIC) == 2).await;
    let ann_again = c.enter("ann").await;
    assert_eq!(ann_again.state["ann"]["metas"].as_array().unwrap().len(), 2);
    assert_eq!(ann.diff().await, joined(&["ann"]));
    bob.client.close().await;
    assert_eq!(ann.diff().await, left(&["bob"]));
    assert_eq!(ann_again.diff().await, joined(&["ann"]));
    assert_eq!(ann_again.diff().await, left(&["bob"]));
}

#[tokio::test(start_paused = true)]
async fn a_reload_is_not_noticed_by_anybody_and_who_leaves_by_itself_leaves_at_once() {
    let hub = Hub::new();
    let options = || PresenceOptions::new().leave_grace(Duration::from_secs(3));
    let [a, b, _c] = three(&hub, options).await;
    let ann = a.enter("ann").await;
    eventually(|| b.presence.count(TOPIC) == 1).await;
    let bob = b.enter("bob").await;
    assert_eq!(bob.diff().await, joined(&["bob"]));
    ann.client.close().await;
    let ann = a.enter("ann").await;
    bob.hears_nothing().await;
    ann.channel.leave().await;
    assert_eq!(bob.diff().await, left(&["ann"]));
    let ann = a.enter("ann").await;
    assert_eq!(bob.diff().await, joined(&["ann"]));
    ann.client.close().await;
    bob.hears_nothing().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(bob.diff().await, left(&["ann"]));
}

#[tokio::test(start_paused = true)]
async fn all_people_of_a_node_that_stops_leave_at_once_in_one_diff() {
    let hub = Hub::new();
    let [a, b, _c] = three(&hub, PresenceOptions::new).await;
    let ann = a.enter("ann").await;
    assert_eq!(ann.diff().await, joined(&["ann"]));
    let mut crowd = Vec::new();
    for name in ["bob", "cat", "dan"] {
        crowd.push(b.enter(name).await);
        assert_eq!(ann.diff().await, joined(&[name]));
    }
    b.endpoint.leave_cluster().await;
    assert_eq!(ann.diff().await, left(&["bob", "cat", "dan"]));
    assert_eq!(a.presence.keys(TOPIC), ["ann"]);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_joins_within_a_second_is_a_few_diffs_for_each_client() {
    let hub = Hub::new();
    let options = || PresenceOptions::new().coalesce(Duration::from_millis(500));
    let [a, b, _c] = three(&hub, options).await;
    let ann = a.enter("ann").await;
    assert_eq!(ann.diff().await, joined(&["ann"]));
    let mut crowd = Vec::new();
    for number in 0..200 {
        crowd.push(b.enter(&format!("visitor {number}")).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (mut known, mut diffs) = (0, 0);
    while known < 200 {
        known += ann.diff().await.0.len();
        diffs += 1;
    }
    assert!(diffs <= 4, "{diffs} diffs for 200 joins");
}
