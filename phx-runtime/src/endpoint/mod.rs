//! What an endpoint needs and what can be heard of it: requirements, subscriptions, broadcasts.
//!
//! The handle itself is [`crate::Endpoint`]; [`server::Builder`](crate::server::Builder)
//! builds it. Phoenix counterpart: `Phoenix.Endpoint`.

pub(crate) mod admitted;
mod cluster;
mod connections;
mod disconnect;
pub(crate) mod handle;
mod mounted;
mod open;
mod path;
pub(crate) mod raw_connect;
mod requirements;
pub(crate) mod server_options;
pub(crate) mod state;

pub use self::{admitted::Admitted, requirements::Requirements, state::StateValue};
pub use crate::pubsub::{
    Broadcast, Forwarding, Subscription, SubscriptionError, SubscriptionErrorKind,
};

pub(crate) use self::{
    cluster::connect as connect_cluster,
    connections::{Connections, Counted, Registered, TRY_AGAIN, Whose},
    disconnect::Disconnect,
    handle::{AnyState, ConnectRequest, Connector, Endpoint, Inner, Mounted, Task},
    mounted::MountedTransport,
    path::RequestPath,
    raw_connect::RawConnect,
    server_options::ServerOptions,
    state::State,
};
