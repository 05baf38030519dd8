//! What callbacks returned, and other single steps.

use crate::{
    JoinError, Joined, Reply,
    channel::{Channel, Context, Handling, IntoJoined, IntoNext, IntoReply, StateOf},
    connect::ConnectError,
    message::{Failure, Payload, Topic},
    socket::{IntoConnected, IntoSocketId},
};

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
