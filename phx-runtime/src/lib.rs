//! Phoenix Channels for Rust: sockets, channels and transports on warp.
//!
//! Applications annotate their handler modules with [`socket`](macro@socket) and
//! [`channel`](macro@channel); everything between
//! the wire and their functions is done here. Every stock Phoenix client talks to the result
//! unchanged.

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod channel;
mod connect;
mod connection;
mod endpoint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(test, hot_functions))]
#[doc(hidden)]
pub mod hot;
mod log;
mod message;
#[cfg(feature = "phoenix")]
pub mod phoenix;
pub mod prelude;
mod presence;
mod pubsub;
mod serializer;
mod server;
mod session;
pub mod testing;
mod token;
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
        Channel, ChannelOptions, ConnectContext, Context, FromConnect, FromEvent, FromJoin,
        FromTopic, Handling, IntoConnected, IntoJoined, IntoNext, IntoRefusal, IntoReply,
        IntoResponse, IntoSocketId, Join, JoinContext, JoinError, Joined, Next, Pattern, Reply,
        ReplyRef, Route, RoutingTable, Socket, SocketState, StateOf, run, run_async,
    },
    connect::{
        CheckOrigin, ConnectError, ConnectInfo, Drainer, LongPollOptions, Mount, Origin, Session,
        SessionError, SessionOptions, TransportKind, WebSocketOptions,
        params::{FromParams, Params, QueryError},
    },
    endpoint::{ConnectRequest, Endpoint, RawConnect, Requirements, ServerOptions, State},
    log::{FilterParameters, LogLevel},
    message::{
        Binary, EncodeError, Event, Failure, Fault, FromPayload, FromReason, Info, IntoPayload,
        Payload, PayloadError, PayloadKind, Reason, Topic, TopicPart,
    },
    presence::{
        MetaError, Presence, PresenceEntry, PresenceMeta, PresenceRef, PresenceState, TrackError,
        UpdateError,
    },
    pubsub::{Broadcast, Subscription, SubscriptionError},
    serializer::Version,
    server::{BuildError, Builder, ServeError, Server},
    token::{Secret, SignError, Token, TokenAge, TokenError},
};
