//! Broadcasts from one side to the other.

use std::time::Duration;

use phx_runtime::{
    Binary, Endpoint,
    cluster::Cluster,
    endpoint::Subscription,
    json,
    phoenix::{self, Atom, NodeName},
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    endpoint,
    etf::{Etf, atom, bin, int, map, strukt, tuple},
    eventually, node,
    node::{Frame, PhoenixNode, broadcast},
    redis::Redis,
};
use crate::support::{logs::Logs, patience::soon, present::Guest};

fn text(event: &str, payload: Value) -> Frame {
    Frame::Text { topic: "room:1".to_owned(), event: event.to_owned(), payload }
}

async fn next(messages: &mut Subscription) -> (String, Value) {
    let message = soon(messages.recv()).await.unwrap();
    let payload = message.decode().unwrap_or_else(|_| json!(format!("{:?}", message.payload())));
    (message.event().to_string(), payload)
}

async fn frame(client: &mut mpsc::UnboundedReceiver<Frame>) -> Frame {
    soon(client.recv()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_and_is_heard_by_old_and_new_phoenix_nodes() {
    let redis = Redis::start();
    let alpha = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let beta = PhoenixNode::start(redis.port(), "beta", true).await;
    let (here, _) = node(&redis.url(""), "rust-1").await;
    let (there, _) = node(&redis.url(""), "rust-2").await;
    let mut heard = [&here, &there].map(|node| node.subscribe("room:1"));
    let mut clients = [&alpha, &beta].map(|node| node.join("room:1"));

    let payload = map([
        (atom("body"), bin("Grüße")),
        (atom("who"), atom("admin")),
        (atom("none"), atom("nil")),
        (bin("ids"), Etf::List(vec![int(1), int(2), int(300)])),
        (bin("few"), Etf::List(vec![int(104), int(105)])),
    ]);
    for phoenix in [&alpha, &beta] {
        phoenix.broadcast("room:1", "new_msg", payload.clone());
        for heard in &mut heard {
            let expected = json!({
                "body": "Grüße", "who": "admin", "none": null, "ids": [1, 2, 300], "few": [104, 105],
            });
            assert_eq!(next(heard).await, ("new_msg".to_owned(), expected));
        }
    }
    let from_alpha = [frame(&mut clients[1]).await];
    assert!(matches!(&from_alpha[..], [Frame::Text { .. }]));
    frame(&mut clients[0]).await;

    let payload = json!({ "n": 18_446_744_073_709_551_615_u64, "list": [1.5, null, "ü"], "o": {} });
    here.try_broadcast("room:1", "e", &payload).unwrap();
    for client in &mut clients {
        assert_eq!(frame(client).await, text("e", payload.clone()));
    }
    for heard in &mut heard {
        assert_eq!(next(heard).await, ("e".to_owned(), payload.clone()), "each node once");
    }

    here.try_broadcast("room:1", "pixels", Binary::from(vec![0, 255, 7])).unwrap();
    for client in &mut clients {
        let pixels = Frame::Binary {
            topic: "room:1".to_owned(),
            event: "pixels".to_owned(),
            payload: vec![0, 255, 7],
        };
        assert_eq!(frame(client).await, pixels);
    }
    beta.broadcast("room:1", "pixels", tuple([atom("binary"), Etf::Bin(vec![1, 2, 254])]));
    for heard in &mut heard {
        soon(heard.recv()).await.unwrap();
    }
    let pixels = soon(heard[0].recv()).await;
    assert_eq!(pixels.unwrap().payload().as_binary().map(|it| &it[..]), Some(&[1, 2, 254][..]));
    alpha.assert_never_crashed();
    beta.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_broadcast_reaches_the_node_of_that_name_and_kind_alone() {
    let redis = Redis::start();
    let alpha = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let beta = PhoenixNode::start(redis.port(), "beta", true).await;
    let (rust, _) = node(&redis.url(""), "beta2").await;
    let mut heard = rust.subscribe("room:1");
    let mut clients = [&alpha, &beta].map(|node| node.join("room:1"));
    // The atom is another name than the binary.
    alpha.direct_broadcast(atom("beta2"), "room:1", "wrong", map([]));
    alpha.direct_broadcast(bin("beta2"), "room:1", "right", map([]));
    assert_eq!(next(&mut heard).await.0, "right");

    let to = |name: NodeName| phoenix::node(&name);
    let atom_name = |name| NodeName::Atom(Atom::new(name).unwrap());
    rust.broadcast_to(&to(NodeName::from("alpha@web1")), "room:1", "wrong", json!({})).unwrap();
    rust.broadcast_to(&to(atom_name("beta")), "room:1", "wrong", json!({})).unwrap();
    rust.broadcast_to(&to(atom_name("alpha@web1")), "room:1", "right", json!({ "to": "alpha" }))
        .unwrap();
    rust.broadcast_to(&to(NodeName::from("beta")), "room:1", "right", json!({ "to": "beta" }))
        .unwrap();
    assert_eq!(frame(&mut clients[0]).await, text("right", json!({ "to": "alpha" })));
    assert_eq!(frame(&mut clients[1]).await, text("right", json!({ "to": "beta" })));
    rust.broadcast_to(&rust.node().unwrap(), "room:1", "to myself", json!({})).unwrap();
    assert_eq!(next(&mut heard).await.0, "to myself");
    alpha.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnect_closes_the_sockets_of_an_id_on_both_sides() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, _) = node(&redis.url(""), "rust-1").await;
    let (other, _) = node(&redis.url(""), "rust-2").await;
    let ann = Guest::named(&rust, "ann").await;
    let bob = Guest::named(&other, "bob").await;
    phoenix.broadcast("users_socket:ann", "disconnect", map([]));
    soon(ann.closed()).await.unwrap();
    rust.disconnect("users_socket:bob");
    soon(bob.closed()).await.unwrap();
    eventually(
        || phoenix.disconnected(),
        |ids| *ids == ["users_socket:ann", "users_socket:bob"][1..],
    )
    .await;
    phoenix.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_crash_a_phoenix_node_is_refused_and_never_published() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, _) = node(&redis.url(""), "rust-1").await;
    let mut client = phoenix.join("room:1");
    let mut own = rust.subscribe("room:1");
    let refused = |topic: &str, payload: Value| {
        rust.try_broadcast(topic, "e", payload).unwrap_err().to_string()
    };
    for payload in [json!([1]), json!("text"), json!(7), json!(null)] {
        assert!(refused("room:1", payload).contains("JSON object or bytes"));
    }
    let tracker = "phx_presence:Elixir.MyAppWeb.Presence_shard0";
    assert!(refused(tracker, json!({})).contains("phx_presence"));
    let raw = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    for text in [r#"{"n":1e999}"#, r#"{"half":"\ud800"}"#] {
        rust.try_broadcast("room:1", "e", raw(text)).unwrap_err();
    }
    let long = "x".repeat(256);
    rust.try_broadcast(&*format!("room:{long}"), "e", Binary::from(vec![1])).unwrap_err();
    let large = json!({ "large": "x".repeat(5 * 1024 * 1024) });
    assert!(refused("room:1", large).contains("bytes"));
    rust.try_broadcast("room:1", "good", json!({})).unwrap();
    assert_eq!(frame(&mut client).await, text("good", json!({})));
    assert_eq!(next(&mut own).await.0, "good", "what is refused reaches nobody");
    phoenix.assert_never_crashed();
}

#[tokio::test]
async fn whatever_comes_over_redis_costs_itself_alone() {
    let logs = Logs::from("info");
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, _) = node(&redis.url("&presence=MyAppWeb.Presence"), "rust-1").await;
    let mut heard = rust.subscribe("room:1");
    let everybody = tuple([atom("except"), atom("somebody")]);
    let channels = "Elixir.Phoenix.Channel.Server";
    phoenix.send_raw(b"hello".to_vec());
    phoenix.send_raw(vec![131, 104, 6]);
    phoenix.send_raw(vec![131, 80, 255, 255, 255, 255, 1, 2, 3]);
    phoenix.send_raw([vec![131], [108, 0, 0, 0, 1].repeat(10_000)].concat());
    phoenix.send_raw(tuple([int(4), atom("except"), bin("x")]).encode(false));
    let user = strukt("Elixir.MyApp.User", [("password", bin("secret"))]);
    for payload in [
        map([(atom("user"), user)]),
        map([(atom("pair"), tuple([int(1)]))]),
        map([(bin("bytes"), Etf::Bin(vec![0xff]))]),
        Etf::List(vec![]),
        bin("text"),
    ] {
        phoenix.send(&everybody, "room:1", broadcast("room:1", "bad", payload), channels);
    }
    let without = strukt("Elixir.Phoenix.Socket.Broadcast", [("topic", bin("room:1"))]);
    phoenix.send(&everybody, "room:1", without, channels);
    phoenix.send(&everybody, "room:1", bin("any term"), "Elixir.Phoenix.PubSub");
    let tracker = "phx_presence:Elixir.MyAppWeb.Presence_shard0";
    let odd = tuple([atom("pub"), atom("heartbeat"), atom("nil"), atom("nil"), atom("nil")]);
    phoenix.send(&everybody, tracker, odd, "Elixir.Phoenix.PubSub");
    // Another topic inside: its name is the one that clients are told.
    phoenix.send(&everybody, "room:1", broadcast("room:2", "good", map([])), channels);
    let message = soon(heard.recv()).await.unwrap();
    assert_eq!((message.topic().as_str(), message.event().as_str()), ("room:2", "good"));
    let text = logs.text();
    assert!(text.contains("no message of a Phoenix node"), "{text}");
    assert!(text.contains("MyApp.User"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

/// So many broadcasts in each direction.
const MANY: u64 = 100_000;
/// So many at most are under way, all nodes taken together, so that none has 1,024 waiting.
const WINDOW: u64 = 300;

async fn in_order(mut messages: Subscription, senders: usize, seen: mpsc::UnboundedSender<()>) {
    let mut counts = vec![0; senders];
    for _ in 0..MANY {
        let message = soon(messages.recv()).await.expect("nothing is dropped");
        let (sender, number): (usize, u64) = message
            .decode::<Value>()
            .map(|it| {
                let number = |name| it[name].as_u64().unwrap();
                (usize::try_from(number("from")).unwrap(), number("n"))
            })
            .unwrap();
        assert_eq!(number, counts[sender], "of sender {sender}");
        counts[sender] += 1;
        seen.send(()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_broadcasts_arrive_in_order_in_both_directions() {
    let redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let mut nodes = Vec::new();
    for name in ["rust-1", "rust-2", "rust-3"] {
        nodes.push(node(&redis.url(""), name).await.0);
    }
    let payload = |from: u64, n: u64| map([(bin("from"), int(from)), (bin("n"), int(n))]);

    // From Phoenix to all.
    let (seen, mut all_seen) = mpsc::unbounded_channel();
    let readers: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(in_order(node.subscribe("room:down"), 1, seen.clone())))
        .collect();
    for n in 0..MANY {
        if n >= WINDOW {
            for _ in 0..3 {
                soon(all_seen.recv()).await.unwrap();
            }
        }
        phoenix.broadcast("room:down", "n", payload(0, n));
    }
    for reader in readers {
        reader.await.unwrap();
    }

    // From all to Phoenix, and to each other.
    let mut client = phoenix.join("room:up");
    let (seen, mut all_seen) = mpsc::unbounded_channel();
    let readers: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(in_order(node.subscribe("room:up"), 3, seen.clone())))
        .collect();
    let mut counts = [0; 3];
    let mut check = |frame: Frame| {
        let Frame::Text { payload, .. } = frame else { panic!("{frame:?}") };
        let (from, n) = (payload["from"].as_u64().unwrap(), payload["n"].as_u64().unwrap());
        let from = usize::try_from(from).unwrap();
        assert_eq!(n, counts[from], "of node {from}");
        counts[from] += 1;
    };
    for n in 0..MANY {
        if n >= WINDOW {
            check(frame(&mut client).await);
            for _ in 0..3 {
                soon(all_seen.recv()).await.unwrap();
            }
        }
        let from = usize::try_from(n % 3).unwrap();
        nodes[from].try_broadcast("room:up", "n", json!({ "from": from, "n": n / 3 })).unwrap();
    }
    for _ in 0..WINDOW {
        check(frame(&mut client).await);
    }
    for reader in readers {
        reader.await.unwrap();
    }
    phoenix.assert_never_crashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_redis_is_back_a_node_hears_and_is_heard_again() {
    let mut redis = Redis::start();
    let phoenix = PhoenixNode::start(redis.port(), "alpha@web1", false).await;
    let (rust, _) = node(&redis.url(""), "rust-1").await;
    let mut heard = rust.subscribe("room:1");
    redis.restart(Duration::from_millis(300)).await;
    // Clients of the node go on among themselves meanwhile.
    rust.try_broadcast("room:1", "alone", json!({})).unwrap();
    assert_eq!(next(&mut heard).await.0, "alone");
    phoenix.subscribed(2).await;
    let mut client = phoenix.join("room:1");
    // Until it has subscribed again, what is said is not heard.
    let repeated = tokio::spawn(async move {
        loop {
            phoenix.broadcast("room:1", "again", map([]));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(next(&mut heard).await.0, "again");
    rust.try_broadcast("room:1", "back", json!({})).unwrap();
    while frame(&mut client).await != text("back", json!({})) {}
    repeated.abort();
}

#[tokio::test]
async fn a_cluster_that_cannot_be_is_refused_when_it_is_built_or_joined() {
    let problem = |url: &str| {
        let build = Endpoint::builder().cluster(url).build();
        build.unwrap_err().to_string()
    };
    assert!(problem("phoenix+redis://127.0.0.1/").contains("?pubsub="));
    let no_presence = "phoenix+redis://127.0.0.1/?pubsub=P&presence=MyAppWeb.Presence";
    assert!(problem(no_presence).contains("Presence::new()"));
    let nowhere = "phoenix+redis://127.0.0.1:1/?pubsub=P";
    let (refused, _) = endpoint([Cluster::url(nowhere).start_timeout(Duration::from_millis(200))]);
    refused.join_cluster().await.unwrap_err();
    let optional = Cluster::url(nowhere).start_timeout(Duration::from_millis(200)).required(false);
    let (alone, _) = endpoint([optional]);
    alone.join_cluster().await.unwrap();
}
