//! What generated code calls. Nothing here is for use by hand, and nothing here is stable.
//!
//! The helpers are called with the user's type as a turbofish, `payload::<NewMsg>()`: then the type
//! is all of the call that stands in the user's source, and the compiler blames it alone.

pub use std::{
    boxed::Box,
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
    string::String,
    time::Duration,
    vec::Vec,
};

pub use futures_util::future::BoxFuture;

pub use crate::{
    channel::{
        Channel, ChannelOptions, ConnectContext, Context, FromJoin, Handling, Info, Join,
        JoinContext, JoinError, Joined, LogLevel, Pattern, Payload, Reason, Route, Topic,
        TopicPart,
    },
    endpoint::Requirements,
    params::FilterParameters,
    serializer::Version,
    socket::SocketState,
    transport::{CheckOrigin, ConnectError, Drainer, LongPollOptions, Mount, WebSocketOptions},
};
use crate::{
    channel::{IntoJoined, IntoNext, IntoReply, Reply},
    error::Failure,
};

mod arguments;
mod conversions;
mod counts;
mod handlers;
pub mod hot;
mod makers;
mod routes;

pub use self::{
    arguments::{
        Argument, connect_context, context, join_context, join_payload, message, parameter, params,
        payload, reason,
    },
    conversions::{FromReason, IntoConnected, IntoSocketId, StateOf},
    handlers::{Given, Later, Now, Running, later, now},
    makers::{MakeLater, MakeNow, make_later, make_now},
    routes::Routes,
};

/// The macros' inert attributes, to be looked up by editors.
pub mod attributes {
    pub use phx_macros::{handle_in, handle_out};

    #[doc = include_str!("../docs/connect.md")]
    pub mod connect {}
    #[doc = include_str!("../docs/id.md")]
    pub mod id {}
    #[doc = include_str!("../docs/join.md")]
    pub mod join {}
    #[doc = include_str!("../docs/handle_info.md")]
    pub mod handle_info {}
    #[doc = include_str!("../docs/terminate.md")]
    pub mod terminate {}
}

/// The state, as `#[id]` takes it where it has another name for its type.
pub fn state<T: StateOf<C>, C>(state: &C) -> &T {
    T::shared(state)
}

/// The topic of a channel, for its `topic(..)`.
pub fn topic(text: impl Into<Topic>) -> Topic {
    text.into()
}

/// What `#[handle_in]` returned.
pub fn reply<T: IntoReply>(returned: T) -> Result<Reply, Failure> {
    Ok(returned.into_reply())
}

/// What `#[handle_out]` or `#[handle_info]` returned.
pub fn next<T: IntoNext>(returned: T) -> Result<Reply, Failure> {
    Ok(returned.into_next()?.into())
}

/// What `#[terminate]` returned.
pub fn ended((): ()) -> Result<Reply, Failure> {
    Ok(Reply::none())
}

/// What `#[join]` returned.
pub fn joined<T: IntoJoined<C>, C>(returned: T) -> Result<Joined<C>, JoinError> {
    returned.into_joined()
}

/// What `#[connect]` returned.
pub fn connected<T: IntoConnected<S>, S>(returned: T) -> Result<S, ConnectError> {
    returned.into_connected()
}

/// What `#[id]` returned.
pub fn id<T: IntoSocketId>(returned: T) -> Option<String> {
    returned.into_socket_id()
}

/// Does what happens to a broadcast that is not intercepted.
pub fn push_unchanged<C: Channel>(channel: Box<C>, payload: Payload, cx: &Context) -> Handling {
    cx.socket().push(cx.event(), payload);
    Handling::done(channel, Reply::none())
}

/// The body of a function in a program that does not compile.
pub fn not_compiled() -> ! {
    unreachable!("this program was not compiled")
}
