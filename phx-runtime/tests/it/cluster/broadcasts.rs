//! What is broadcast on one node reaches all.

use std::time::Duration;

use phx_runtime::{
    Binary, Endpoint,
    channel::EncodeError,
    cluster::{BroadcastToError, Cluster, ClusterEvent, Hub, Node},
    json, testing,
};

use super::support::{User, endpoint, heard, joined, nodes, nodes_over, until};
use crate::support::{everybody::EVERYBODY, patience::eventually};

#[tokio::test(start_paused = true)]
async fn broadcasts_of_a_node_arrive_everywhere_in_order() {
    for channels in [1, 64] {
        let hub = Hub::new();
        let [a, b, c] =
            nodes_over(|| Cluster::adapter(hub.adapter().with_channels(channels))).await;
        let mut at_b: Vec<_> = (0..20).map(|n| b.subscribe(format!("t:{n}"))).collect();
        let mut at_c = c.subscribe("t:7");
        let mut at_a = a.subscribe("t:7");
        for number in 0..1000_u64 {
            a.broadcast(format!("t:{}", number % 20), "e", number);
            if number % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let expected = |topic: u64| (0..50).map(|n| n * 20 + topic).collect::<Vec<_>>();
        for (topic, subscription) in (0..).zip(&mut at_b) {
            assert_eq!(heard(subscription, 50).await, expected(topic));
        }
        assert_eq!(heard(&mut at_c, 50).await, expected(7));
        assert_eq!(heard(&mut at_a, 50).await, expected(7));
    }
}

#[tokio::test(start_paused = true)]
async fn clients_hear_each_other_from_any_node_and_the_sender_is_left_out_everywhere() {
    let hub = Hub::new();
    let [a, b, c] = nodes(&hub).await;
    let mut rooms = Vec::new();
    for node in [&a, &a, &b, &c] {
        let client = testing::connect::<User>(node, json!({})).await.unwrap();
        rooms.push(client.join("room:1", json!({})).await.unwrap());
    }
    rooms[0].push("others", json!({ "n": 1 })).await;
    rooms[0].push("all", json!({ "n": 2 })).await;
    rooms[2].push("all", Binary::from(vec![0, 255])).await;
    for (index, room) in rooms.iter().enumerate() {
        if index > 0 {
            phx_runtime::assert_push!(room, "said", { "n": 1 });
        }
        phx_runtime::assert_push!(room, "said", { "n": 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_after_a_joins_reply_is_heard_whichever_node_makes_it() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    for number in 0..50_u64 {
        let client = testing::connect::<User>(&b, json!({})).await.unwrap();
        let room = client.join(format!("room:{number}"), json!({})).await.unwrap();
        a.broadcast(format!("room:{number}"), "said", json!({ "n": 1 }));
        phx_runtime::assert_push!(room, "said", { "n": 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_reaches_every_node() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let here = testing::connect::<User>(&a, json!({})).await.unwrap();
    let there = testing::connect::<User>(&b, json!({})).await.unwrap();
    a.disconnect(EVERYBODY);
    assert_eq!(here.closed().await.unwrap().get(), 1001);
    assert_eq!(there.closed().await.unwrap().get(), 1001);
}

#[tokio::test(start_paused = true)]
async fn one_node_or_this_one_alone_can_be_spoken_to() {
    let hub = Hub::new();
    let [a, b, c] = nodes(&hub).await;
    let mut subscriptions = [&a, &b, &c].map(|node| node.subscribe("t"));
    let node_b = a.nodes().into_iter().find(|node| node.name() == "n1").unwrap();
    a.broadcast_local("t", "e", 1_u64);
    a.broadcast_to(&node_b, "t", "e", 2_u64).unwrap();
    a.broadcast_to(&a.node().unwrap(), "t", "e", 3_u64).unwrap();
    // Comes last everywhere.
    tokio::time::sleep(Duration::from_millis(10)).await;
    a.broadcast("t", "e", 9_u64);
    let [at_a, at_b, at_c] = &mut subscriptions;
    assert_eq!(heard(at_a, 3).await, [1, 3, 9]);
    assert_eq!(heard(at_b, 2).await, [2, 9]);
    assert_eq!(heard(at_c, 1).await, [9]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_gone_or_was_never_there_is_an_error_at_once() {
    let hub = Hub::new();
    let [a, b, c] = nodes(&hub).await;
    let is_gone = |node: &Node| {
        let sent = a.broadcast_to(node, "t", "e", 1_u64);
        assert!(matches!(sent, Err(BroadcastToError::Gone(gone)) if gone == *node));
    };
    let [stopped, killed] = [&b, &c].map(|node| node.node().unwrap());
    let mut events = a.cluster_events();
    b.leave_cluster().await;
    until(&mut events, |event| *event == ClusterEvent::Down(stopped.clone())).await;
    is_gone(&stopped);
    hub.kill(2);
    until(&mut events, |event| *event == ClusterEvent::Down(killed.clone())).await;
    is_gone(&killed);
    let elsewhere = endpoint(Cluster::adapter(Hub::new().adapter()).node("n1"));
    is_gone(&elsewhere.node().unwrap());
    let alone = Endpoint::builder().build().unwrap();
    let sent = alone.broadcast_to(&killed, "t", "e", 1_u64);
    assert_eq!(sent.unwrap_err().to_string(), "the node `n2` is not there");
}

#[tokio::test(start_paused = true)]
async fn subscribers_are_counted_here_and_everywhere() {
    let hub = Hub::new();
    let [a, b, c] = nodes(&hub).await;
    let _subscriptions = [a.subscribe("t"), b.subscribe("t"), b.subscribe("t")];
    assert_eq!(b.subscribers("t"), 2);
    for node in [&a, &b, &c] {
        assert_eq!(node.subscribers_everywhere("t").await, Ok(3));
        assert_eq!(node.subscribers_everywhere("other").await, Ok(0));
    }
    hub.partition([vec![0, 2], vec![1]]);
    let unanswered = a.subscribers_everywhere("t").await.unwrap_err();
    assert_eq!((unanswered.counted(), unanswered.nodes()[0].name()), (1, "n1"));
    let alone = Endpoint::builder().build().unwrap();
    assert_eq!(alone.subscribers_everywhere("t").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn nodes_come_and_say_goodbye() {
    let hub = Hub::new();
    let [a] = nodes(&hub).await;
    let mut events = a.cluster_events();
    let b = joined(Cluster::adapter(hub.adapter()).node("b")).await;
    let node_b = b.node().unwrap();
    assert_eq!(events.recv().await, Ok(ClusterEvent::Up(node_b.clone())));
    assert_eq!(a.nodes(), std::slice::from_ref(&node_b));
    eventually(|| b.nodes().len() == 1).await;
    let before = tokio::time::Instant::now();
    b.broadcast("t", "e", 1_u64);
    b.leave_cluster().await;
    assert_eq!(events.recv().await, Ok(ClusterEvent::Down(node_b)));
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert_eq!(a.nodes(), []);
    let kind = b.join_cluster().await.unwrap_err().kind();
    assert_eq!(kind, phx_runtime::cluster::ClusterErrorKind::Left);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_sends_before_its_goodbye_arrives() {
    let hub = Hub::new();
    let [a, b] = nodes(&hub).await;
    let mut at_a = a.subscribe("t");
    for number in 0..1000_u64 {
        b.broadcast("t", "e", number);
    }
    b.leave_cluster().await;
    assert_eq!(heard(&mut at_a, 1000).await, (0..1000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_the_engine_takes_is_cut_and_put_together() {
    let hub = Hub::new();
    let [a, b] = nodes_over(|| Cluster::adapter(hub.adapter().with_max_payload(4096))).await;
    let mut at_b = b.subscribe("t");
    for len in [4000, 4096, 5000, 100_000, 3_000_000] {
        let text = "x".repeat(len);
        a.try_broadcast("t", "e", &text).unwrap();
        let got = at_b.recv().await.unwrap().decode::<String>().unwrap();
        assert!(got == text, "{len}");
    }
    a.broadcast("t", "e", 7_u64);
    assert_eq!(heard(&mut at_b, 1).await, [7]);
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_nodes_take_is_refused_where_it_is_sent() {
    let hub = Hub::new();
    let [a, b] = nodes_over(|| Cluster::adapter(hub.adapter()).max_message(10_000)).await;
    let (mut at_a, mut at_b) = (a.subscribe("t"), b.subscribe("t"));
    let error = a.try_broadcast("t", "e", "x".repeat(10_000)).unwrap_err();
    assert!(matches!(error, EncodeError::TooLarge { limit: 10_000, .. }), "{error}");
    a.broadcast("t", "e", 7_u64);
    assert_eq!(heard(&mut at_a, 1).await, [7]);
    assert_eq!(heard(&mut at_b, 1).await, [7]);
}

#[tokio::test]
async fn a_cluster_that_cannot_be_is_refused() {
    let problem = |cluster: Cluster, secret: bool| {
        let mut builder = Endpoint::builder().cluster(cluster);
        if secret {
            builder = builder.secret(super::support::SECRET);
        }
        builder.build().unwrap_err().to_string()
    };
    let on = || Cluster::adapter(Hub::new().adapter());
    assert!(problem(on(), false).contains("same secret"));
    assert!(problem("gopher://:secret@there/".into(), true).contains("`gopher://`"));
    assert!(!problem("gopher://:secret@there/".into(), true).contains("secret"));
    assert!(problem(on().node(""), true).contains("node"));
    assert!(problem(on().application("a b"), true).contains("application"));
    assert!(problem(on().heartbeat(Duration::ZERO), true).contains("heartbeat"));
    assert!(problem(on().down_after(Duration::from_secs(3)), true).contains("down_after"));
    assert!(problem(on().max_waiting(10), true).contains("max_waiting"));
}

#[tokio::test(start_paused = true)]
async fn a_node_starts_without_its_engine_only_if_it_may() {
    let hub = Hub::new();
    hub.stop();
    let needs = endpoint(Cluster::adapter(hub.adapter()));
    let error = needs.join_cluster().await.unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error}");
    let [a, b] = [(); 2].map(|()| endpoint(Cluster::adapter(hub.adapter()).required(false)));
    a.join_cluster().await.unwrap();
    b.join_cluster().await.unwrap();
    let mut events = a.cluster_events();
    hub.start();
    until(&mut events, |event| matches!(event, ClusterEvent::Up(_))).await;
    let mut at_b = b.subscribe("t");
    a.broadcast("t", "e", 1_u64);
    assert_eq!(heard(&mut at_b, 1).await, [1]);
}

#[tokio::test]
async fn the_adapter_in_memory_conforms() {
    let hub = Hub::new();
    testing::adapter::conforms(|| Cluster::adapter(hub.adapter())).await;
    let odd = || hub.adapter().with_channels(64).with_max_payload(5000);
    testing::adapter::conforms(|| Cluster::adapter(odd())).await;
}
