//! Nodes in one process.

use std::time::Duration;

use phx_runtime::{
    Endpoint,
    cluster::{Cluster, ClusterEvent, ClusterEvents, Hub},
    endpoint::Subscription,
    options::LongPollOptions,
    prelude::*,
};

use crate::support::{
    everybody::{self, Open},
    patience::{PATIENCE, eventually, soon},
};

pub(super) const SECRET: &str = "the same on every node of the tests";

pub(super) struct Room;

impl Open for Room {}

/// Everybody in such rooms.
pub(super) type User = everybody::User<Room>;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("all")]
    fn all(&self, payload: Payload, socket: &Socket) {
        socket.broadcast("said", payload);
    }

    #[handle_in("others")]
    fn others(&self, payload: Payload, socket: &Socket) {
        socket.broadcast_from("said", payload);
    }
}

pub(super) fn endpoint(cluster: Cluster) -> Endpoint {
    let polls = LongPollOptions::new().window(Duration::from_secs(2));
    let builder = Endpoint::builder().socket_with::<User>(|mount| mount.longpoll(polls));
    builder.secret(SECRET).cluster(cluster).build().unwrap()
}

pub(super) async fn joined(cluster: Cluster) -> Endpoint {
    let endpoint = endpoint(cluster);
    endpoint.join_cluster().await.unwrap();
    endpoint
}

/// Nodes over a hub, each of which knows all others.
pub(super) async fn nodes<const N: usize>(hub: &Hub) -> [Endpoint; N] {
    nodes_over(|| Cluster::adapter(hub.adapter())).await
}

pub(super) async fn nodes_over<const N: usize>(cluster: impl Fn() -> Cluster) -> [Endpoint; N] {
    let mut nodes = Vec::new();
    for index in 0..N {
        nodes.push(joined(cluster().node(format!("n{index}"))).await);
    }
    for node in &nodes {
        eventually(|| node.nodes().len() == N - 1).await;
    }
    nodes.try_into().unwrap()
}

/// Waits for an event.
pub(super) async fn until(
    events: &mut ClusterEvents,
    mut is_it: impl FnMut(&ClusterEvent) -> bool,
) -> ClusterEvent {
    soon(async {
        loop {
            let event = events.recv().await.unwrap();
            if is_it(&event) {
                return event;
            }
        }
    })
    .await
}

/// The next broadcasts' payloads, so many.
pub(super) async fn heard(subscription: &mut Subscription, count: usize) -> Vec<u64> {
    let mut heard = Vec::with_capacity(count);
    let waiting = async {
        while heard.len() < count {
            heard.push(subscription.recv().await.unwrap().decode().unwrap());
        }
    };
    let over = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(over.is_ok(), "{} of {count} arrived", heard.len());
    heard
}
