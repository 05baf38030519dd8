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
mod inbox;
mod macros;
mod memory;
mod message;
mod pattern;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

pub use self::{
    client::{Client, ClientChannel, Ended, Pushed},
    inbox::Missing,
};
use crate::{
    channel::{Socket, SocketState, detached},
    connect::{ConnectError, ConnectInfo, MountSettings, params::Params},
    endpoint::{Admitted, ConnectRequest, Counted, Endpoint},
    message::Topic,
    serializer::Version,
    session::Channels,
    transport::TransportKind,
};

/// A channel handle without a client, to call handlers with that are plain functions.
///
/// # Panics
///
/// Never: an endpoint without sockets can always be built.
pub fn socket(topic: impl Into<Topic>) -> Socket {
    #[expect(clippy::expect_used, reason = "an endpoint without sockets has nothing to check")]
    let endpoint = Endpoint::builder().build().expect("an endpoint without sockets");
    detached(topic.into(), endpoint)
}

/// Connects a client to a socket, with the fields of `params` as connection parameters.
///
/// Numbers and the like become texts, as clients write them. The socket need not be mounted.
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
    let mut query = match serde_json::to_value(params) {
        Ok(Value::Object(fields)) => Params::from_fields(fields),
        other => panic!("connection parameters are a JSON object, not {other:?}"),
    };
    query.insert("vsn", "2.0.0");
    let request = ConnectRequest {
        info: ConnectInfo::new(TransportKind::Custom("test"), query),
        endpoint: endpoint.clone(),
        mount: Arc::new(MountSettings::new(&S::mount())),
        serializers: [Version::V2.into()].into(),
    };
    let channels = Channels::connect::<S>(request, S::channels().into()).await?;
    let connections = endpoint.0.connections.clone();
    Ok(Client::new(Admitted {
        socket: Box::new(channels),
        connections,
        mount: None,
        counted: Counted::default(),
    }))
}

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
