//! What generated code calls. Nothing here is for use by hand, and nothing here is stable.
//!
//! The helpers are called with the user's type as a turbofish, `decode::<NewMsg>(payload)`: then
//! the type is all of the call that stands in the user's source, and the compiler blames it alone.

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
    channel::{
        FromConnect, FromParams, FromPayload, FromTopic, IntoJoined, IntoNext, IntoReply, Reply,
    },
    error::Failure,
};

mod calls;
mod conversions;
pub mod hot;
mod routes;
mod sources;

pub use self::{
    calls::{
        Argument, Given, Running, call, context, decode, ended_later, later, message, next_later,
        now, reason, reply_later,
    },
    conversions::{FromReason, IntoConnected, IntoSocketId, StateOf},
    routes::Routes,
    sources::{ConnectSource, JoinSource},
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

/// The state, as a function in a module takes it.
pub fn state<T: StateOf<C>, C>(state: &C) -> &T {
    T::shared(state)
}

/// The state, as a function in a module takes it to change it.
pub fn state_mut<T: StateOf<C>, C>(state: &mut C) -> &mut T {
    T::exclusive(state)
}

/// The first owned argument of `#[join]`.
pub fn join_params<T: FromPayload>(payload: Payload) -> Result<T, Failure> {
    Ok(T::from_payload(payload)?)
}

/// The first owned argument of `#[connect]`.
pub fn params<T: FromParams>(cx: &ConnectContext) -> Result<T, Failure> {
    cx.params()
}

/// A topic parameter of `#[join]`.
pub fn parameter<T: FromTopic, S>(cx: &JoinContext<S>, name: &str) -> Result<T, Failure> {
    cx.parameter(name)
}

/// A context argument of `#[join]`, or what the endpoint needs for it.
pub fn join_context<'a, T: FromJoin<'a, S>, S, Q: JoinSource<'a, S>>(source: Q) -> Q::Found<T> {
    source.find()
}

/// A context argument of `#[connect]`, or what the endpoint needs for it.
pub fn connect_context<'a, T: FromConnect<'a>, Q: ConnectSource<'a>>(source: Q) -> Q::Found<T> {
    source.find()
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
