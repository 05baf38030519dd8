//! Phoenix Channels for Rust: sockets, channels and transports on warp.
//!
//! Applications annotate their handler modules with [`socket`](macro@socket) and
//! [`channel`](macro@channel); everything between
//! the wire and their functions is done here. Every stock Phoenix client talks to the result
//! unchanged.

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
pub mod channel;
pub mod cluster;
mod connect;
mod connection;
pub mod endpoint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(test, hot_functions))]
#[doc(hidden)]
pub mod hot;
mod log;
mod message;
pub mod options;
#[cfg(feature = "phoenix")]
pub mod phoenix;
pub mod prelude;
pub mod presence;
mod pubsub;
pub mod serializer;
pub mod server;
mod session;
pub mod session_cookie;
pub mod socket;
pub mod testing;
pub mod token;
pub mod transport;
mod wire;

#[doc = include_str!("docs/assigns.md")]
pub use phx_macros::assigns;
#[doc = include_str!("docs/channel.md")]
pub use phx_macros::channel;
#[doc = include_str!("docs/channels.md")]
pub use phx_macros::channels;
#[doc = include_str!("docs/connect.md")]
pub use phx_macros::connect;
#[doc = include_str!("docs/handle_in.md")]
pub use phx_macros::handle_in;
#[doc = include_str!("docs/handle_info.md")]
pub use phx_macros::handle_info;
#[doc = include_str!("docs/handle_out.md")]
pub use phx_macros::handle_out;
#[doc = include_str!("docs/id.md")]
pub use phx_macros::id;
#[doc = include_str!("docs/join.md")]
pub use phx_macros::join;
#[doc = include_str!("docs/socket.md")]
pub use phx_macros::socket;
#[doc = include_str!("docs/terminate.md")]
pub use phx_macros::terminate;
pub use serde_json::json;

pub use crate::{
    channel::{
        joined::{JoinError, Joined},
        reply::{Next, Reply},
        reply_ref::ReplyRef,
        socket::Socket,
    },
    connect::{ConnectError, ConnectInfo, params::Params},
    endpoint::{handle::Endpoint, state::State},
    message::{Binary, Event, Fault, OrFault, Payload, Reason, Topic},
    presence::handle::Presence,
};
