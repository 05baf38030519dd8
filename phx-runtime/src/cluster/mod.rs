//! Several nodes as one: what is broadcast on one reaches the clients of all.
//!
//! An [`Adapter`] carries payloads over an engine that exists, such as Redis or NATS. Everything else
//! is the same for all engines and done above it: messages are framed and gathered, numbered so that
//! what is lost is known, large ones are cut and put together, and nodes tell by heartbeats who is
//! there. [`Cluster`] says which engine, and how; an endpoint gets it from
//! [`Builder::cluster`](crate::server::Builder::cluster).
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use phx_runtime::{Endpoint, cluster::Cluster};
//!
//! let endpoint = Endpoint::builder()
//!     .secret("the same on every node of the cluster")
//!     .cluster(Cluster::url("redis://127.0.0.1/").node("web-1"))
//!     .build()?;
//! endpoint.serve(([127, 0, 0, 1], 4000)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - Broadcasts of one node on one topic arrive on every other in the order in which they were made.
//! - Each arrives at most once. One that is lost leaves a hole in its sender's numbers, which is
//!   counted and told as [`ClusterEvent::Gap`].
//! - Every node hears every topic from the moment when it joined, so a broadcast that begins after
//!   a client's join was answered reaches that client, whichever node makes it.
//! - While the engine is away, the clients of each node go on among themselves. What is meant for
//!   others waits, up to [`Cluster::max_waiting`] and [`Cluster::max_age`], and is then dropped.
//!
//! What an engine delivers is not trusted: it is checked before anything of it is used.

mod adapter;
mod adapter_error;
mod address;
mod asks;
mod engine;
mod error;
mod event;
mod framing;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod inbox;
mod lifecycle;
mod memory;
mod messages;
#[cfg(feature = "nats")]
mod nats;
mod node;
mod nodes;
mod options;
mod outbound;
mod pauses;
mod peers;
mod receiving;
#[cfg(feature = "redis")]
mod redis;
mod sending;
mod settings;
mod shared;
mod standing;
mod stream;

pub use self::{
    adapter::{Adapter, Link},
    adapter_error::AdapterError,
    address::{Address, Parcel},
    error::{BroadcastToError, ClusterError, ClusterErrorKind, Unanswered},
    event::{ClusterEvent, ClusterEvents, EventsError},
    inbox::Inbox,
    memory::{Faults, Hub, MemoryAdapter},
    node::{Node, NodeId},
    options::Cluster,
};
pub(crate) use self::{
    asks::AskError,
    engine::Engine,
    error::ClusterConfigError,
    inbox::{Arrival, Arrivals},
    messages::{Answer, Messenger, Port, Service},
    nodes::Nodes,
};
#[cfg(all(feature = "phoenix", feature = "redis"))]
pub(crate) use self::{
    event::EventSender,
    lifecycle::{Ending, Lifecycle},
    redis::RedisAdapter,
    sending::{Sending, Sends},
    standing::Standing,
};
