//! Several nodes of an application in one test.

use std::time::Duration;

use phx_runtime::{
    assert_push, assert_reply,
    cluster::{Faults, Hub},
    refute_push,
    testing::{self, Nodes},
    transport::CloseCode,
};

use super::support::{builder, joined, present};

async fn two() -> Nodes<'static> {
    testing::cluster(2, |_| builder()).await
}

#[tokio::test(start_paused = true)]
async fn clients_of_two_nodes_hear_each_other() {
    let nodes = two().await;
    let (_ann, anns) = joined(&nodes[0], "ann").await;
    let (_bob, bobs) = joined(&nodes[1], "bob").await;
    assert_reply!(anns.push("say", "hi").await, ok);
    assert_push!(bobs, "said", { "by": "ann" });
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    assert_eq!(nodes[1].node().unwrap().name(), "node-1");
}

#[tokio::test(start_paused = true)]
async fn what_is_parted_forgets_the_other_side_and_heals() {
    let nodes = two().await;
    let (_ann, anns) = joined(&nodes[0], "ann").await;
    let (_bob, bobs) = joined(&nodes[1], "bob").await;
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    nodes.partition([[0], [1]]);
    anns.push("say", "hello?").await;
    refute_push!(bobs, "said");
    nodes.agree_on(1, |node| present(node).len()).await.unwrap();
    assert_eq!((present(&nodes[0]), present(&nodes[1])), (vec!["ann".into()], vec!["bob".into()]));
    nodes.heal();
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    anns.push("say", "there you are").await;
    assert_push!(bobs, "said", { "text": "there you are" });
}

#[tokio::test(start_paused = true)]
async fn the_clients_of_a_node_that_stops_find_another_one() {
    let mut nodes = two().await;
    let (mut ann, anns) = joined(&nodes[0], "ann").await;
    let (_bob, bobs) = joined(&nodes[1], "bob").await;
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    nodes.stop(0).await;
    assert_eq!(ann.closed().await, Ok(CloseCode::RESTART));
    assert_push!(bobs, "presence_diff", { "leaves": { "ann": _ } });
    nodes.agree_on(["bob"], present).await.unwrap();
    ann.reconnect_to(&nodes[1]).await.unwrap();
    nodes.agree_on(["ann", "bob"], present).await.unwrap();
    anns.push("say", "back").await;
    assert_push!(bobs, "said", { "text": "back" });
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_killed_is_forgotten_and_another_takes_its_place() {
    let mut nodes = two().await;
    let (mut ann, _anns) = joined(&nodes[0], "ann").await;
    nodes.agree_on(["ann"], present).await.unwrap();
    nodes.kill(0);
    nodes.agree_on(Vec::<String>::new(), present).await.unwrap();
    assert_eq!(nodes.running().count(), 1);
    nodes.restart(0).await;
    ann.reconnect_to(&nodes[0]).await.unwrap();
    nodes.agree_on(["ann"], present).await.unwrap();
    assert_eq!(nodes.running().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn presences_agree_over_an_engine_with_faults() {
    for seed in 0..10 {
        let hub = Hub::with_seed(seed);
        let nodes = testing::cluster_over(&hub, 3, |_| builder()).await;
        let delay = Duration::from_millis(200);
        nodes.hub().set_faults(Faults { drop: 0.3, repeat: 0.2, reorder: 0.2, delay });
        let (_ann, _anns) = joined(&nodes[0], "ann").await;
        let (_bob, _bobs) = joined(&nodes[2], "bob").await;
        nodes.agree_on(["ann", "bob"], present).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_agree_are_shown() {
    let nodes = two().await;
    nodes.partition([[0], [1]]);
    let (_ann, _anns) = joined(&nodes[0], "ann").await;
    let missing = nodes.agree_on(["ann"], present).await.unwrap_err().to_string();
    assert!(missing.contains(r#"["ann"] within 120s; they see [["ann"], []]"#), "{missing}");
}
