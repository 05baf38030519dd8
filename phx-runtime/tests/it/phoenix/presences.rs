//! One list of presences on both sides.

use std::{collections::BTreeMap, time::Duration};

use phx_runtime::{
    Endpoint, Presence,
    cluster::{Cluster, Hub},
    json,
    testing::ClientChannel,
};
use serde_json::Value;
use tokio::runtime::{self, Runtime};

use super::{client, endpoint, etf, eventually, node, node::PhoenixNode, redis::Redis};
use crate::support::patience::soon;

const TOPIC: &str = "room:1";

fn url(redis: &Redis) -> String {
    redis.url("&presence=MyAppWeb.Presence&broadcast_period=100")
}

/// Who is present, with what is said of them but for the references.
type Names = BTreeMap<String, Vec<String>>;

fn names(list: BTreeMap<String, Vec<Value>>) -> Names {
    let bare = |mut meta: Value| {
        let fields = meta.as_object_mut().unwrap();
        assert!(fields.remove("phx_ref").is_some_and(|it| it.is_string()), "{fields:?}");
        fields.remove("phx_ref_prev");
        meta.to_string()
    };
    let metas = |metas: Vec<Value>| {
        let mut metas: Vec<_> = metas.into_iter().map(bare).collect();
        metas.sort();
        metas
    };
    list.into_iter().map(|(key, it)| (key, metas(it))).collect()
}

fn shown(presence: &Presence) -> Names {
    let list = serde_json::to_value(presence.list(TOPIC)).unwrap();
    let list = list.as_object().unwrap().clone().into_iter();
    names(list.map(|(key, it)| (key, it["metas"].as_array().unwrap().clone())).collect())
}

fn shown_by(phoenix: &PhoenixNode) -> Names {
    names(phoenix.list(TOPIC))
}

fn keys(names: &Names) -> Vec<&str> {
    names.keys().map(String::as_str).collect()
}

/// Waits until all show the same presences, of these keys.
async fn agree(phoenix: &[&PhoenixNode], rust: &[&Presence], expected: &[&str]) {
    let all = || {
        let of_phoenix = phoenix.iter().map(|it| shown_by(it));
        of_phoenix.chain(rust.iter().map(|it| shown(it))).collect::<Vec<_>>()
    };
    eventually(all, |all| all.iter().all(|names| keys(names) == expected && *names == all[0]))
        .await;
    for it in phoenix {
        it.assert_never_crashed();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presences_of_both_sides_are_one_list() {
    let redis = Redis::start();
    let alpha = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    alpha.track(TOPIC, "ann", &[("status", "online")]);
    let (here, presence) = node(&url(&redis), "rust-1").await;
    let bob = client(&here, "bob", TOPIC).await;
    agree(&[&alpha], &[&presence], &["ann", "bob"]).await;

    // Who starts later learns of all, on either side.
    let beta = PhoenixNode::start(redis.port(), "beta", true).await;
    let (there, other_presence) = node(&url(&redis), "rust-2").await;
    let carl = client(&there, "carl", TOPIC).await;
    beta.track(TOPIC, "ann", &[("status", "away")]);
    let (phoenix, rust) = ([&alpha, &beta], [&presence, &other_presence]);
    agree(&phoenix, &rust, &["ann", "bob", "carl"]).await;
    let metas = &shown(&presence)["ann"];
    assert_eq!(*metas, [r#"{"status":"away"}"#, r#"{"status":"online"}"#]);

    // An update, and goodbyes.
    bob.push("update", 2).await;
    eventually(|| shown_by(&alpha)["bob"].clone(), |it| *it == [r#"{"version":2}"#]).await;
    agree(&phoenix, &rust, &["ann", "bob", "carl"]).await;
    alpha.untrack(TOPIC, "ann");
    agree(&phoenix, &rust, &["ann", "bob", "carl"]).await;
    beta.untrack(TOPIC, "ann");
    carl.leave().await;
    agree(&phoenix, &rust, &["bob"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_of_several_shards_are_one_list_each() {
    // `erlang:phash2(<<"room:1">>, 4)` and so on.
    const SHARDS: [(&str, usize); 4] = [("room:1", 1), ("room:2", 0), ("room:3", 2), ("room:4", 3)];
    let shard_of = |topic: &str| SHARDS.iter().find(|it| it.0 == topic).unwrap().1;
    let redis = Redis::start();
    let url = format!("{}&pool_size=4", url(&redis));
    let alpha =
        PhoenixNode::start_with_shards(redis.port(), "alpha@web1", false, 4, shard_of).await;
    let (here, presence) = node(&url, "rust-1").await;
    let mut clients = Vec::new();
    for (topic, _) in SHARDS {
        alpha.track(topic, "ann", &[("status", "online")]);
        clients.push(client(&here, "bob", topic).await);
    }
    let (there, other_presence) = node(&url, "rust-2").await;
    for (topic, _) in SHARDS {
        let both = || {
            let here = [&presence, &other_presence].map(|it| it.keys(topic));
            (here, alpha.list(topic).into_keys().collect::<Vec<_>>())
        };
        eventually(both, |(here, there)| {
            here.iter().chain([there]).all(|keys| *keys == ["ann", "bob"])
        })
        .await;
    }
    let alone: Vec<_> = here.nodes().into_iter().map(|node| node.name().to_owned()).collect();
    assert_eq!(alone, ["alpha@web1", "rust-2"], "each node is there once");
    // Goodbyes are said in every shard.
    there.leave_cluster().await;
    here.leave_cluster().await;
    for (topic, _) in SHARDS {
        eventually(|| alpha.list(topic), |list| list.keys().eq(["ann"])).await;
    }
    alpha.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_of_presences_of_phoenix_nodes_in_diffs() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, _) = node(&url(&redis), "rust-1").await;
    let bob = client(&rust, "bob", TOPIC).await;
    let mut diffs = rust.subscribe(TOPIC);
    phoenix.track(TOPIC, "ann", &[("status", "online")]);
    let mut diff = async |side: &str| loop {
        let message = soon(diffs.recv()).await.unwrap();
        let diff: Value = message.decode().unwrap();
        if message.event() == "presence_diff" && !diff[side]["ann"].is_null() {
            return diff[side]["ann"]["metas"][0].clone();
        }
    };
    let joined = diff("joins").await;
    assert_eq!(joined["status"], "online");
    phoenix.untrack(TOPIC, "ann");
    assert_eq!(diff("leaves").await["phx_ref"], joined["phx_ref"]);
    drop(bob);
}

#[tokio::test(flavor = "multi_thread")]
async fn presences_converge_under_kills_on_both_sides() {
    let redis = Redis::start();
    let alpha = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let beta = PhoenixNode::start(redis.port(), "beta", true).await;
    let (first, first_presence) = node(&url(&redis), "rust-1").await;
    let second = Killable::start(&redis, "rust-2").await;
    alpha.track(TOPIC, "ann", &[]);
    beta.track(TOPIC, "bob", &[]);
    let _carl = client(&first, "carl", TOPIC).await;
    let _dora = second.client("dora").await;
    let rust = [&first_presence, &second.presence];
    agree(&[&alpha, &beta], &rust, &["ann", "bob", "carl", "dora"]).await;

    // Neither says goodbye: they are silent, and leave after 20 periods.
    second.kill();
    drop(beta);
    agree(&[&alpha], &[&first_presence], &["ann", "carl"]).await;

    // A node that starts again under the same name.
    let (second, second_presence) = node(&url(&redis), "rust-2").await;
    let _emil = client(&second, "emil", TOPIC).await;
    let beta = PhoenixNode::start(redis.port(), "beta", true).await;
    beta.track(TOPIC, "bea", &[]);
    let rust = [&first_presence, &second_presence];
    agree(&[&alpha, &beta], &rust, &["ann", "bea", "carl", "emil"]).await;

    // An orderly stop.
    beta.say_goodbye();
    agree(&[&alpha], &rust, &["ann", "carl", "emil"]).await;
    second.leave_cluster().await;
    agree(&[&alpha], &rust[..1], &["ann", "carl"]).await;
}

/// A node with a runtime of its own, with which it can be killed.
struct Killable {
    runtime: Runtime,
    endpoint: Endpoint,
    presence: Presence,
}

impl Killable {
    async fn start(redis: &Redis, name: &'static str) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let url = url(redis);
        let (endpoint, presence) =
            runtime.spawn(async move { node(&url, name).await }).await.unwrap();
        Self { runtime, endpoint, presence }
    }

    async fn client(&self, name: &'static str) -> ClientChannel {
        let endpoint = self.endpoint.clone();
        self.runtime.spawn(async move { client(&endpoint, name, TOPIC).await }).await.unwrap()
    }

    fn kill(self) {
        self.runtime.shutdown_background();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presences_come_back_when_redis_does() {
    let mut redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, presence) = node(&url(&redis), "rust-1").await;
    phoenix.track(TOPIC, "ann", &[]);
    let _bob = client(&rust, "bob", TOPIC).await;
    agree(&[&phoenix], &[&presence], &["ann", "bob"]).await;
    redis.restart(Duration::from_secs(3)).await;
    agree(&[&phoenix], &[&presence], &["ann", "bob"]).await;
    // What changed meanwhile is made up for.
    let _carl = client(&rust, "carl", TOPIC).await;
    phoenix.track(TOPIC, "dora", &[]);
    phoenix.untrack(TOPIC, "ann");
    redis.restart(Duration::from_millis(300)).await;
    agree(&[&phoenix], &[&presence], &["bob", "carl", "dora"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_only_follows_shows_phoenix_presences_and_keeps_its_own_to_itself() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    phoenix.track(TOPIC, "ann", &[]);
    let follow = redis.url("&follow=MyAppWeb.Presence&broadcast_period=100");
    let (rust, presence) = node(&follow, "rust-1").await;
    let _bob = client(&rust, "bob", TOPIC).await;
    eventually(|| shown(&presence), |it| keys(it) == ["ann", "bob"]).await;
    assert_eq!(keys(&shown_by(&phoenix)), ["ann"]);
    assert_eq!(phoenix.questions(), 0);
    phoenix.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_engine_of_their_own_nodes_hear_and_show_everything_once() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    phoenix.track(TOPIC, "ann", &[]);
    let hub = Hub::new();
    let mut nodes = Vec::new();
    for name in ["rust-1", "rust-2"] {
        let own = Cluster::adapter(hub.adapter()).node(name);
        let (endpoint, presence) = endpoint([own, Cluster::url(url(&redis)).node(name)]);
        endpoint.join_cluster().await.unwrap();
        nodes.push((endpoint, presence));
    }
    let [(here, first), (there, second)] = &nodes[..] else { panic!("two nodes") };
    let _bob = client(here, "bob", TOPIC).await;
    let _carl = client(there, "carl", TOPIC).await;
    agree(&[&phoenix], &[first, second], &["ann", "bob", "carl"]).await;
    assert_eq!(shown(first)["bob"].len(), 1);
    assert_eq!(shown(second)["bob"].len(), 1, "not once for each way");

    let mut heard = [here, there].map(|node| node.subscribe("room:2"));
    let mut client = phoenix.join("room:2");
    here.try_broadcast("room:2", "from here", json!({})).unwrap();
    there.try_broadcast("room:2", "from there", json!({})).unwrap();
    phoenix.broadcast("room:2", "from phoenix", etf::map([]));
    for heard in &mut heard {
        let mut events = Vec::new();
        for _ in 0..3 {
            events.push(soon(heard.recv()).await.unwrap().event().to_string());
        }
        events.sort();
        assert_eq!(events, ["from here", "from phoenix", "from there"]);
    }
    for _ in 0..2 {
        soon(client.recv()).await.unwrap();
    }
    // Nothing comes twice: what is said last is what comes next.
    phoenix.broadcast("room:2", "last", etf::map([]));
    for heard in &mut heard {
        assert_eq!(soon(heard.recv()).await.unwrap().event(), "last");
    }
    phoenix.assert_never_crashed();
}
