//! A Redis is gone, and Sentinel names another one.

use std::time::Duration;

use futures_util::FutureExt;
use phx_runtime::{cluster::Cluster, json};

use super::{
    engines::{lost_in, watchful},
    support::joined,
};
use crate::support::{
    engines::Server,
    patience::{PATIENCE, eventually, soon},
};

/// Ends the first Redis, and waits until the second has its name. Others go on meanwhile.
async fn ends(first: &mut Server, second: &Server, sentinel: &Server) {
    first.kill();
    soon(async {
        while !sentinel.names(second) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_follow_sentinel_to_another_redis_and_know_what_they_missed() {
    let [mut first, second, sentinel] = Server::redis_with_a_follower();
    let url = sentinel.url("redis+sentinel") + "/main";
    lost_in(
        || watchful(&url),
        async |witness| {
            witness.more_sent(30).await;
            ends(&mut first, &second, &sentinel).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_beside_phoenix_follow_sentinel_too() {
    let [mut first, second, sentinel] = Server::redis_with_a_follower();
    let url = sentinel.url("phoenix+redis+sentinel") + "/main?pubsub=MyApp.PubSub";
    let node = |name| Cluster::url(&url).node(name).start_timeout(PATIENCE);
    let (a, b) = (joined(node("a")).await, joined(node("b")).await);
    let mut at_b = b.subscribe("t");
    a.broadcast("t", "before", json!({}));
    assert_eq!(soon(at_b.recv()).await.unwrap().event(), "before");
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
