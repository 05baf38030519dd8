//! Nodes of phx in a Phoenix cluster over Redis, with doubles of Phoenix nodes.

mod broadcasts;
mod etf;
mod node;
mod presences;
mod redis;
mod tracker;

use std::time::Duration;

use phx_runtime::{Endpoint, Presence, cluster::Cluster, json, server, testing::ClientChannel};

use crate::support::{patience::PATIENCE, present::Guest};

/// An endpoint in these clusters.
fn endpoint(clusters: impl IntoIterator<Item = Cluster>) -> (Endpoint, Presence) {
    let presence = Presence::new();
    let builder = Endpoint::builder().state(presence.clone()).socket::<Guest>();
    let builder = builder.secret("the same secret on every node");
    let builder = clusters.into_iter().fold(builder, server::Builder::cluster);
    (builder.build().unwrap(), presence)
}

/// A node that has joined the Phoenix cluster of this URL.
async fn node(url: &str, name: &str) -> (Endpoint, Presence) {
    let cluster = Cluster::url(url).node(name).start_timeout(PATIENCE);
    let (endpoint, presence) = endpoint([cluster]);
    endpoint.join_cluster().await.unwrap();
    (endpoint, presence)
}

/// A client that has joined a topic.
async fn client(endpoint: &Endpoint, name: &str, topic: &str) -> ClientChannel {
    Guest::named(endpoint, name).await.join(topic, json!({})).await.unwrap()
}

/// Waits until something holds; what `last` says is shown if it never does.
async fn eventually<T: std::fmt::Debug>(mut last: impl FnMut() -> T, holds: impl Fn(&T) -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let now = last();
        if holds(&now) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "it never came to pass: {now:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
