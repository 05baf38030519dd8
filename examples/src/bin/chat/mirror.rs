//! What the nodes of a cluster tell each other, so that each knows all rooms.
//!
//! Broadcasts reach the clients of every node by themselves. Who is in a room and what was said last
//! is kept in memory, so each node tells the others of every change, and all that it knows when one
//! comes.

use phx_runtime::{cluster::ClusterEvent, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{announce::announce, rooms::Rooms, words::Change};

/// No channel answers to it, so no client can join.
const TOPIC: &str = "mirror";

#[derive(Serialize, Deserialize)]
struct Told {
    node: String,
    changes: Vec<Change>,
}

/// Tells the other nodes, if there are any.
pub fn tell(endpoint: &Endpoint, change: Change) {
    if let Some(node) = endpoint.node() {
        let told = Told { node: node.id().to_string(), changes: vec![change] };
        endpoint.broadcast(TOPIC, "told", &told);
    }
}

/// Follows what other nodes tell, for as long as the program runs.
pub async fn follow(endpoint: Endpoint, rooms: Rooms) {
    let Some(own) = endpoint.node().map(|node| node.id().to_string()) else { return };
    let (mut told, mut events) = (endpoint.subscribe(TOPIC), endpoint.cluster_events());
    loop {
        tokio::select! {
            Ok(message) = told.recv() => {
                if let Ok(Told { node, changes }) = message.decode::<Told>() && node != own {
                    for change in changes {
                        rooms.apply(change, &node);
                    }
                    announce(&endpoint, &rooms);
                }
            }
            Ok(event) = events.recv() => match event {
                ClusterEvent::Up(node) => {
                    let told = Told { node: own.clone(), changes: rooms.own_changes() };
                    // It may have gone again, and asks for all if it comes back.
                    let _ = endpoint.broadcast_to(&node, TOPIC, "told", &told);
                }
                ClusterEvent::Down(node) => {
                    for (room, person) in rooms.node_gone(&node.id().to_string()) {
                        endpoint.broadcast_local(format!("room:{room}"), "user_left", &person);
                    }
                    announce(&endpoint, &rooms);
                }
                _ => {}
            },
            else => return,
        }
    }
}
