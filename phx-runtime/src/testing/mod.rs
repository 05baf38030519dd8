//! Helpers for tests of channels: a client without a network.
//!
//! [`connect`] makes a [`Client`] of a socket; what it sends and gets goes through the real session
//! and serializer, only the transport is memory. Tests state what the client gets with
//! [`assert_push!`](crate::assert_push), [`assert_reply!`](crate::assert_reply) and their like,
//! which wait for it. Under a paused clock (`#[tokio::test(start_paused = true)]`) nothing really
//! waits.
//!
//! ```
//! use phx_runtime::{assert_push, assert_reply, prelude::*, refute_push, testing};
//! use serde::Deserialize;
//!
//! struct User {
//!     name: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct Params {
//!     name: String,
//! }
//!
//! #[socket("/socket", websocket)]
//! #[channels(Room)]
//! impl User {
//!     #[connect]
//!     fn connect(params: Params) -> Result<Self, ConnectError> {
//!         Ok(Self { name: params.name })
//!     }
//! }
//!
//! struct Room {
//!     name: String,
//! }
//!
//! #[channel("room:*")]
//! impl Room {
//!     #[join]
//!     fn join(_: Payload, topic: &Topic, user: &User) -> Result<Self, JoinError> {
//!         if topic.rest() == "private" {
//!             return Err(JoinError::new("unauthorized"));
//!         }
//!         Ok(Self { name: user.name.clone() })
//!     }
//!
//!     #[handle_in("say")]
//!     fn say(&self, text: String, socket: &Socket) -> Reply {
//!         socket.broadcast_from("said", json!({ "by": self.name, "text": text }));
//!         Reply::ok(json!({ "length": text.len() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
//! let ann = testing::connect::<User>(&endpoint, json!({ "name": "Ann" })).await.unwrap();
//! let bob = testing::connect::<User>(&endpoint, json!({ "name": "Bob" })).await.unwrap();
//!
//! let refused = ann.join("room:private", json!({})).await.unwrap_err();
//! assert_eq!(refused.reason(), "unauthorized");
//!
//! let (ann, bob) = (ann.join("room:1", json!({})).await, bob.join("room:1", json!({})).await);
//! let (ann, bob) = (ann.unwrap(), bob.unwrap());
//! let said = ann.push("say", "hi").await;
//! assert_reply!(said, ok, { "length": 2 });
//! assert_push!(bob, "said", { "by": "Ann" });
//! refute_push!(ann, "said");
//! # }
//! ```
//!
//! Phoenix counterpart: `Phoenix.ChannelTest`.

pub mod adapter;
mod client;
mod client_channel;
mod connecting;
mod inbox;
mod line;
mod longpoll;
mod macros;
mod membership;
mod memory;
mod message;
mod nodes;
mod over;
mod pattern;
pub mod scenario;
mod units;
mod uplink;
mod waiting;
mod wanted;
mod websocket;

#[doc = include_str!("../docs/test.md")]
pub use phx_macros::test;
use serde::Serialize;

pub use self::{
    client::{Client, ReconnectError, Silence},
    client_channel::{ClientChannel, Ended, Pushed},
    connecting::Connecting,
    inbox::Missing,
    message::Sent,
    nodes::Nodes,
    over::Over,
    units::{broadcast, payload, reply_ref, sent, socket, socket_of},
    waiting::Waiting,
    wanted::{Wanted, wanted},
};
use crate::{
    channel::IsSocket, cluster::Hub, connect::ConnectError, endpoint::Endpoint, server::Builder,
};

/// A client that is about to connect to a socket, with whatever its request tells.
///
/// The socket need not be mounted.
///
/// ```
/// use phx_runtime::{prelude::*, testing};
///
/// struct User {
///     token: String,
/// }
///
/// #[socket("/socket", websocket, auth_token = true)]
/// impl User {
///     #[connect]
///     fn connect(_: Params, info: &ConnectInfo) -> Result<Self, ConnectError> {
///         let token = info.auth_token().ok_or_else(|| ConnectError::new("no token"))?;
///         Ok(Self { token: token.to_owned() })
///     }
///
///     #[id]
///     fn id(&self) -> String {
///         format!("user:{}", self.token)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
/// let client = testing::client::<User>(&endpoint)
///     .auth_token("7")
///     .header("x-forwarded-for", "192.0.2.1")
///     .peer(([127, 0, 0, 1], 4000))
///     .connect()
///     .await
///     .unwrap();
/// assert_eq!(client.id(), Some("user:7"));
/// assert!(testing::client::<User>(&endpoint).connect().await.is_err());
/// # }
/// ```
///
/// Phoenix counterpart: `connect/3` with its option `connect_info`.
pub fn client<S: IsSocket>(endpoint: &Endpoint) -> Connecting<'_, S> {
    Connecting::new(endpoint)
}

/// Connects a client to a socket, with the fields of `params` as connection parameters; what else a
/// request tells, [`client`](client()) can say.
///
/// # Errors
///
/// The socket's `#[connect]` refuses.
///
/// # Panics
///
/// Panics if `params` is not a JSON object, and outside of a Tokio runtime.
///
/// Phoenix counterpart: `connect/3`.
pub fn connect<S: IsSocket>(
    endpoint: &Endpoint,
    params: impl Serialize,
) -> Waiting<'_, Result<Client, ConnectError>> {
    let connecting = client::<S>(endpoint).params(params);
    Box::pin(connecting.connect())
}

/// Starts an application on so many nodes in this process, over an engine in memory, and waits until
/// they know each other. The closure begins the endpoint of each by its number; the kit gives it the
/// cluster, and the secret if it has none.
///
/// Time is Tokio's: under a paused clock a node counts as gone after no real time at all, and each run
/// is like the last one.
///
/// ```
/// use phx_runtime::{assert_push, prelude::*, testing};
///
/// # struct User;
/// # #[socket("/socket", websocket)]
/// # #[channels(Room)]
/// # impl User {
/// #     #[connect]
/// #     fn connect() -> Result<Self, ConnectError> { Ok(Self) }
/// # }
/// # struct Room { user: String }
/// # #[channel("room:*")]
/// # impl Room {
/// #     #[join]
/// #     fn join(user: String) -> Result<Joined<Self>, JoinError> { Ok(Joined::new(Self { user }).then(())) }
/// #     #[handle_info]
/// #     fn after_join(&self, _: (), socket: &Socket, here: State<Presence>) -> Result<(), Fault> {
/// #         here.track(socket, &self.user, json!({}))?;
/// #         Ok(())
/// #     }
/// #     #[handle_in("say")]
/// #     fn say(&self, text: String, socket: &Socket) {
/// #         socket.broadcast("said", text);
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let builder = |_| Endpoint::builder().socket::<User>().state(Presence::new());
/// let mut nodes = testing::cluster(2, builder).await;
/// let mut ann = testing::connect::<User>(&nodes[0], json!({})).await.unwrap();
/// let bob = testing::connect::<User>(&nodes[1], json!({})).await.unwrap();
/// let anns_room = ann.join("room:1", "ann").await.unwrap();
/// let bobs_room = bob.join("room:1", "bob").await.unwrap();
/// anns_room.push("say", "hi").await;
/// assert_push!(bobs_room, "said", "hi");
///
/// let present = |node: &Endpoint| node.state::<Presence>().unwrap().keys("room:1");
/// nodes.agree_on(["ann", "bob"], present).await.unwrap();
///
/// // The node of the one stops, and she comes back on that of the other.
/// nodes.stop(0).await;
/// nodes.agree_on(["bob"], present).await.unwrap();
/// ann.reconnect_to(&nodes[1]).await.unwrap();
/// nodes.agree_on(["ann", "bob"], present).await.unwrap();
/// # }
/// ```
///
/// # Panics
///
/// Panics if a node cannot be built.
pub async fn cluster<'a>(
    count: usize,
    builder: impl FnMut(usize) -> Builder + Send + 'a,
) -> Nodes<'a> {
    cluster_over(&Hub::new(), count, builder).await
}

/// As [`cluster`](cluster()), over an engine that may have faults: it loses, delays, repeats and reorders
/// what nodes tell each other as its seed wants it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use phx_runtime::{Endpoint, cluster::{Faults, Hub}, testing};
///
/// let hub = Hub::with_seed(7);
/// hub.set_faults(Faults { drop: 0.2, ..Faults::none() });
/// let nodes = testing::cluster_over(&hub, 3, |_| Endpoint::builder()).await;
/// assert_eq!(nodes.running().count(), 3);
/// # }
/// ```
///
/// # Panics
///
/// Panics if a node cannot be built.
pub async fn cluster_over<'a>(
    hub: &Hub,
    count: usize,
    builder: impl FnMut(usize) -> Builder + Send + 'a,
) -> Nodes<'a> {
    Nodes::start_all(hub, count, builder).await
}

/// What stands for any value in a pattern; `_` in the assertion macros.
#[doc(hidden)]
pub const ANYTHING: &str = pattern::ANYTHING;

/// The value, or a panic at the caller's line; for the assertion macros.
#[doc(hidden)]
#[track_caller]
pub fn expected<T>(result: Result<T, Missing>) -> T {
    match result {
        Ok(value) => value,
        Err(missing) => panic!("{missing}"),
    }
}

#[cfg(test)]
mod tests;
