//! Nodes of phx in a Phoenix cluster over Redis, with doubles of Phoenix nodes.

mod broadcasts;
mod etf;
mod node;
mod presences;
mod redis;
mod tracker;

use std::{future::Future, time::Duration};

use phx_runtime::{
    Endpoint, Presence,
    cluster::Cluster,
    json,
    prelude::*,
    server,
    testing::{self, Client, ClientChannel},
};

/// How long something may take that is awaited.
const PATIENCE: Duration = Duration::from_mins(1);

struct User {
    name: String,
}

#[derive(serde::Deserialize)]
struct Named {
    name: String,
}

#[socket("/socket", websocket)]
#[channels(Room)]
impl User {
    #[connect]
    fn connect(params: Named) -> Result<Self, ConnectError> {
        Ok(Self { name: params.name })
    }

    #[id]
    fn id(&self) -> String {
        format!("users_socket:{}", self.name)
    }
}

struct Room {
    name: String,
}

struct AfterJoin;

#[channel("room:*")]
impl Room {
    #[join]
    fn join(_: Payload, user: &User) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self { name: user.name.clone() }).then(AfterJoin))
    }

    #[handle_info]
    fn after_join(
        &mut self,
        _: AfterJoin,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.track(socket, &self.name, json!({ "version": 1 }))?;
        socket.push("presence_state", presence.list(socket.topic()));
        Ok(())
    }

    #[handle_in("update")]
    fn update(
        &mut self,
        version: u32,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.update(socket, &self.name, json!({ "version": version }))?;
        Ok(())
    }
}

/// An endpoint in these clusters.
fn endpoint(clusters: impl IntoIterator<Item = Cluster>) -> (Endpoint, Presence) {
    let presence = Presence::new();
    let builder = Endpoint::builder().state(presence.clone()).socket::<User>();
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

async fn connect(endpoint: &Endpoint, name: &str) -> Client {
    testing::connect::<User>(endpoint, json!({ "name": name })).await.unwrap()
}

/// A client that has joined a topic.
async fn client(endpoint: &Endpoint, name: &str, topic: &str) -> ClientChannel {
    connect(endpoint, name).await.join(topic, json!({})).await.unwrap()
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

/// The same as the future's, unless it takes too long.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}
