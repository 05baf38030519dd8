//! A Redis is gone, and Sentinel names another one.

use std::time::Duration;

use futures_util::FutureExt;
use phx_runtime::{cluster::Cluster, json};

use super::{
    engines::lost_in,
    servers::Server,
    support::{eventually, joined},
};

/// Ends the first Redis, and waits until the second has its name. Others go on meanwhile.
async fn ends(first: &mut Server, second: &Server, sentinel: &Server) {
    first.kill();
    let waiting = async {
        while !sentinel.names(second) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("another one is named");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_follow_sentinel_to_another_redis_and_know_what_they_missed() {
    let [mut first, second, sentinel] = Server::redis_with_a_follower();
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
    lost_in(&url, async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        ends(&mut first, &second, &sentinel).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_beside_phoenix_follow_sentinel_too() {
    let [mut first, second, sentinel] = Server::redis_with_a_follower();
    let url =
        format!("phoenix+redis+sentinel://127.0.0.1:{}/main?pubsub=MyApp.PubSub", sentinel.port());
    let [a, b] =
        [joined(Cluster::url(&url).node("a")).await, joined(Cluster::url(&url).node("b")).await];
    let mut at_b = b.subscribe("t");
    a.broadcast("t", "before", json!({}));
    assert_eq!(at_b.recv().await.unwrap().event(), "before");
    ends(&mut first, &second, &sentinel).await;
    // Nobody says when both have come to the other one, so it is said until it is heard.
    let mut heard = false;
    eventually(|| {
        a.broadcast("t", "after", json!({}));
        while let Some(message) = at_b.recv().now_or_never() {
            heard |= message.unwrap().event() == "after";
        }
        heard
    })
    .await;
}
