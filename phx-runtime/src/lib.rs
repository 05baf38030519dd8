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
mod endpoint;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(test, hot_functions))]
#[doc(hidden)]
pub mod hot;
mod params;
#[cfg(feature = "phoenix")]
pub mod phoenix;
pub mod prelude;
mod presence;
mod pubsub;
mod serializer;
mod sharded;
mod socket;
mod telemetry;
pub mod testing;
mod token;
pub mod transport;

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

pub use self::{
    channel::{
        Binary, Channel, ChannelOptions, ConnectContext, Context, EncodeError, Event, FromConnect,
        FromEvent, FromJoin, FromParams, FromPayload, FromReason, FromTopic, Handling, Info,
        IntoConnected, IntoJoined, IntoNext, IntoPayload, IntoRefusal, IntoReply, IntoResponse,
        IntoSocketId, Join, JoinContext, JoinError, Joined, LogLevel, Next, Pattern, Payload,
        PayloadError, PayloadKind, Reason, Reply, ReplyRef, Route, RoutingTable, Socket, State,
        StateOf, Topic, TopicPart, run, run_async,
    },
    endpoint::{BuildError, Builder, Endpoint, Requirements, ServeError, Server, ServerOptions},
    error::{Failure, Fault},
    params::FilterParameters,
    presence::{
        MetaError, Presence, PresenceEntry, PresenceMeta, PresenceRef, PresenceState, TrackError,
        UpdateError,
    },
    pubsub::{Broadcast, Subscription, SubscriptionError},
    serializer::Version,
    socket::SocketState,
    token::{Secret, SignError, Token, TokenAge, TokenError},
    transport::{
        CheckOrigin, ConnectError, ConnectInfo, Drainer, LongPollOptions, Mount, Origin, Params,
        QueryError, Session, SessionError, SessionOptions, TransportKind, WebSocketOptions,
    },
};
