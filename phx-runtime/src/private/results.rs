//! What callbacks returned, and other single steps.

use crate::{
    Next, Reply, Topic,
    channel::{Channel, Context, Handling, IntoRefusal, JoinContext},
    message::{Failure, Fault, Payload},
    raw::Answer,
};

/// The topic of a channel, for its `topic(..)`.
pub fn topic(text: impl Into<Topic>) -> Topic {
    text.into()
}

/// An argument that is found, or the failure to find it.
pub fn found<T>(argument: Result<T, impl Into<Failure>>) -> Result<T, Failure> {
    argument.map_err(Into::into)
}

/// The topic parameter called `name`.
pub fn parameter<T, S>(
    cx: &JoinContext<S>,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, Failure> {
    cx.pattern().capture(cx.topic(), name).and_then(parse).ok_or(Failure::Topic)
}

/// What `#[handle_info]` takes.
pub fn message<T>(message: T) -> Result<T, Failure> {
    Ok(message)
}

/// What `#[handle_out]` or `#[handle_info]` returned.
pub fn next(returned: Result<Next, Fault>) -> Reply {
    match returned {
        Ok(next) => Reply::from_next(next),
        Err(fault) => fault.into_refusal(),
    }
}

/// What `#[terminate]` returned.
pub fn ended((): ()) -> Reply {
    Reply::none()
}

/// What `#[terminate]` of a socket without channels returned.
pub fn raw_end((): ()) -> Answer {
    Answer::none()
}

/// Does what happens to a broadcast that is not intercepted.
pub fn push_unchanged<C: Channel>(
    channel: Box<C>,
    payload: Payload,
    cx: &Context,
) -> Handling<Next> {
    cx.socket().push(cx.event(), payload);
    Handling::done(channel, Next::Continue)
}

/// The body of a function in a program that does not compile.
pub fn not_compiled() -> ! {
    unreachable!("this program was not compiled")
}
