//! Presences of several nodes over an adapter in memory.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Client, TOPIC, channel, dice::Dice, metas};
use crate::{
    Presence,
    channel::Socket,
    cluster::{Cluster, Faults, Hub},
    endpoint::Endpoint,
    presence::PresenceOptions,
    pubsub::Subscription,
};

struct Node {
    endpoint: Endpoint,
    presence: Presence,
    diffs: Subscription,
    /// Knows what a client knows that was there from the start.
    client: Client,
    channels: Vec<(Socket, String)>,
    index: usize,
}

impl Node {
    async fn start(hub: &Hub, options: PresenceOptions) -> Self {
        let adapter = hub.adapter();
        let index = adapter.index();
        let presence = Presence::with_options(options);
        let endpoint = Endpoint::builder()
            .secret("the same on all nodes of this test")
            .state(presence.clone())
            .cluster(Cluster::adapter(adapter).required(false).node(format!("n{index}")))
            .build()
            .unwrap();
        let diffs = endpoint.subscribe(TOPIC);
        endpoint.join_cluster().await.unwrap();
        Self { endpoint, presence, diffs, client: Client::default(), channels: vec![], index }
    }

    fn enter(&mut self, key: impl ToString) {
        let socket = channel(&self.endpoint);
        self.presence.track(&socket, key.to_string(), json!({ "at": self.index })).unwrap();
        self.channels.push((socket, key.to_string()));
    }

    fn list(&self) -> Value {
        serde_json::to_value(self.presence.list(TOPIC)).unwrap()
    }

    /// All that its client was told makes up what it lists.
    fn told_what_it_lists(&mut self) {
        self.client.catch_up(&mut self.diffs);
        assert_eq!(self.client, Client::of_state(&self.list()), "node {}", self.index);
    }
}

/// What all nodes are to know: for each channel a meta under its key.
fn truth(nodes: &[Node]) -> Vec<(String, usize)> {
    let of_node =
        |node: &Node| node.channels.iter().map(|(_, key)| (key.clone(), node.index)).collect();
    let mut all: Vec<_> = nodes.iter().flat_map(|node| -> Vec<_> { of_node(node) }).collect();
    all.sort();
    all
}

fn known(list: &Value) -> Vec<(String, usize)> {
    let at = |meta: Value| usize::try_from(meta["at"].as_u64().unwrap()).unwrap();
    let mut known: Vec<_> = metas(list).into_iter().map(|(key, meta)| (key, at(meta))).collect();
    known.sort();
    known
}

/// Steps of a tenth of a second.
const TROUBLE: usize = 150;

async fn run(seed: u64) {
    let (hub, mut dice) = (Hub::with_seed(seed), Dice::new(seed));
    let options = || match seed % 3 {
        0 => PresenceOptions::new().coalesce(Duration::from_millis(300)),
        _ => PresenceOptions::new(),
    };
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::start(&hub, options()).await);
    }
    for _ in 0..TROUBLE {
        sleep(Duration::from_millis(100)).await;
        for node in &mut nodes {
            node.client.catch_up(&mut node.diffs);
        }
        let place = usize::try_from(dice.below(nodes.len() as u64)).unwrap();
        let (key, which) = (dice.below(5), usize::try_from(dice.below(8)).unwrap());
        let node = &mut nodes[place];
        match dice.below(100) {
            0..30 => node.enter(key),
            30..45 if which < node.channels.len() => drop(node.channels.swap_remove(which)),
            45..55 if which < node.channels.len() => {
                let (socket, key) = &node.channels[which];
                let meta = json!({ "at": node.index, "again": seed });
                node.presence.update(socket, key, meta).unwrap();
            }
            55..60 => hub.partition([vec![node.index]]),
            60..65 => hub.heal(),
            65..75 => hub.set_faults(Faults {
                drop: if dice.percent(50) { 0.3 } else { 0.0 },
                repeat: 0.2,
                reorder: if dice.percent(50) { 0.3 } else { 0.0 },
                delay: Duration::from_millis(dice.below(300)),
            }),
            75 => {
                hub.kill(node.index);
                nodes.swap_remove(place);
                nodes.push(Node::start(&hub, options()).await);
            }
            76 => {
                let node = nodes.swap_remove(place);
                node.endpoint.leave_cluster().await;
                nodes.push(Node::start(&hub, options()).await);
            }
            _ => {}
        }
    }
    hub.set_faults(Faults::none());
    hub.heal();
    sleep(Duration::from_secs(45)).await;
    let truth = truth(&nodes);
    for node in &mut nodes {
        let list = node.list();
        assert_eq!(known(&list), truth, "seed {seed}, node {}", node.index);
        node.client.catch_up(&mut node.diffs);
        assert_eq!(node.client, Client::of_state(&list), "seed {seed}, node {}", node.index);
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_come_to_agree_whatever_their_engine_does() {
    for seed in 0..100 {
        run(seed).await;
    }
}

async fn three(hub: &Hub) -> [Node; 3] {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::start(hub, PresenceOptions::new()).await);
    }
    sleep(Duration::from_secs(3)).await;
    let Ok(nodes) = nodes.try_into() else { unreachable!() };
    nodes
}

/// Ann is on the first, Bob on the second and Cat on the third.
async fn three_with_one_each(hub: &Hub) -> [Node; 3] {
    let mut nodes = three(hub).await;
    for (node, key) in nodes.iter_mut().zip(["ann", "bob", "cat"]) {
        node.enter(key);
    }
    soon().await;
    nodes
}

async fn soon() {
    sleep(Duration::from_millis(20)).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_tracked_on_one_node_is_present_on_all_and_what_changes_is_told_at_once() {
    let hub = Hub::new();
    let [mut a, mut b, mut c] = three(&hub).await;
    a.enter("ann");
    b.enter("bob");
    b.enter("ann");
    soon().await;
    for node in [&mut a, &mut b, &mut c] {
        assert_eq!(node.presence.keys(TOPIC), ["ann", "bob"]);
        assert_eq!(node.presence.count(TOPIC), 2);
        assert_eq!(node.list()["ann"]["metas"].as_array().unwrap().len(), 2);
        node.told_what_it_lists();
    }
    // The same to the letter, in the same order, wherever one asks.
    assert_eq!(a.list()["bob"], c.list()["bob"]);
    let (socket, key) = &b.channels[0];
    b.presence.update(socket, key, json!({ "at": 1, "typing": true })).unwrap();
    soon().await;
    let meta = &c.list()["bob"]["metas"][0];
    assert_eq!(meta["typing"], true);
    assert!(meta["phx_ref_prev"].is_string());
    b.channels.clear();
    soon().await;
    assert_eq!(known(&c.list()), [("ann".to_owned(), 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_is_told_everything_also_if_it_is_much() {
    let hub = Hub::new();
    let [mut a, mut b, _] = three(&hub).await;
    for key in 0..3_000 {
        a.enter(format!("of a {key}"));
    }
    b.enter("bob");
    let newcomer = Node::start(&hub, PresenceOptions::new()).await;
    sleep(Duration::from_secs(3)).await;
    assert_eq!(newcomer.presence.count(TOPIC), 3_001);
}

#[tokio::test(start_paused = true)]
async fn who_is_on_a_node_that_dies_leaves_after_a_while_and_on_one_that_stops_at_once() {
    let hub = Hub::new();
    let [a, b, c] = three_with_one_each(&hub).await;
    hub.kill(a.index);
    sleep(Duration::from_secs(7)).await;
    assert_eq!(b.presence.count(TOPIC), 3, "it may only be slow");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(b.presence.keys(TOPIC), ["bob", "cat"]);
    b.endpoint.leave_cluster().await;
    soon().await;
    assert_eq!(c.presence.keys(TOPIC), ["cat"]);
}

#[tokio::test(start_paused = true)]
async fn who_was_cut_off_leaves_and_comes_back_whole() {
    let hub = Hub::new();
    let [mut a, mut b, mut c] = three_with_one_each(&hub).await;
    hub.partition([vec![a.index], vec![b.index, c.index]]);
    a.enter("eve");
    sleep(Duration::from_secs(13)).await;
    assert_eq!(a.presence.keys(TOPIC), ["ann", "eve"]);
    assert_eq!(b.presence.keys(TOPIC), ["bob", "cat"]);
    hub.heal();
    sleep(Duration::from_secs(6)).await;
    for node in [&mut a, &mut b, &mut c] {
        assert_eq!(node.presence.keys(TOPIC), ["ann", "bob", "cat", "eve"]);
        node.told_what_it_lists();
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_silence_makes_nobody_leave_and_what_was_missed_comes_after_it() {
    let hub = Hub::new();
    let [mut a, mut b, _c] = three(&hub).await;
    a.enter("ann");
    soon().await;
    assert_eq!(b.client.catch_up(&mut b.diffs), 1);
    hub.partition([vec![a.index]]);
    a.enter("eve");
    a.channels.swap_remove(0);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(b.client.catch_up(&mut b.diffs), 0);
    hub.heal();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(b.client.catch_up(&mut b.diffs), 1, "one for all that was missed");
    assert_eq!(b.presence.keys(TOPIC), ["eve"]);
}

#[tokio::test(start_paused = true)]
async fn several_presences_of_an_endpoint_do_not_hear_each_other() {
    let hub = Hub::new();
    let [mut a, b, _c] = three(&hub).await;
    let other = || Presence::with_options(PresenceOptions::new().name("typing"));
    let (of_a, of_b) = (other(), other());
    let sockets = [channel(&a.endpoint), channel(&b.endpoint)];
    of_b.track(&sockets[1], "bob", json!({})).unwrap();
    of_a.track(&sockets[0], "typist", json!({})).unwrap();
    a.enter("ann");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(b.presence.keys(TOPIC), ["ann"]);
    assert_eq!(of_a.keys(TOPIC), ["bob", "typist"]);
    assert_eq!(of_b.keys(TOPIC), ["bob", "typist"]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_ends_with_its_endpoint_whatever_its_presence_does() {
    let hub = Hub::new();
    let [a, mut b, c] = three(&hub).await;
    b.enter("bob");
    drop((a, c));
    let inner = std::sync::Arc::downgrade(&b.endpoint.0.shared());
    drop(b);
    soon().await;
    assert!(inner.upgrade().is_none());
}
