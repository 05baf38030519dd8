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
mod connecting;
mod inbox;
mod macros;
mod memory;
mod message;
mod pattern;
pub mod scenario;
mod units;

use serde::Serialize;

pub use self::{
    client::{Client, ClientChannel, Ended, Pushed},
    connecting::Connecting,
    inbox::Missing,
    message::Sent,
    units::{broadcast, payload, reply_ref, sent, socket, socket_of},
};
use crate::{channel::SocketState, connect::ConnectError, endpoint::Endpoint};

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
pub fn client<S: SocketState>(endpoint: &Endpoint) -> Connecting<'_, S> {
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
/// Panics if `params` is no JSON object, and outside of a Tokio runtime.
///
/// Phoenix counterpart: `connect/3`.
pub async fn connect<S: SocketState>(
    endpoint: &Endpoint,
    params: impl Serialize,
) -> Result<Client, ConnectError> {
    client::<S>(endpoint).params(params).connect().await
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
