//! How an argument of a callback is found.
//!
//! A context argument is asked for in two places: by the call, and by the endpoint's requirements.
//! Both name it with the same function, because a type that is no context argument is then reported
//! once and not twice.

use crate::{
    channel::{Context, FromEvent, FromJoin, FromTopic, JoinContext},
    connect::params::FromParams,
    endpoint::Requirements,
    message::{Failure, FromPayload, FromReason, Payload, Reason},
    socket::{ConnectContext, FromConnect},
};

/// An argument of type `T`, and how it is found in a `Q`: in the context of the call, or in what
/// arrived.
#[derive(Debug)]
pub struct Argument<Q, T> {
    find: Find<Q, T>,
    requires: fn(&mut Requirements),
}

#[derive(Debug)]
enum Find<Q, T> {
    ByType(fn(Q) -> Result<T, Failure>),
    ByName(&'static str, fn(Q, &'static str) -> Result<T, Failure>),
}

impl<Q, T> Argument<Q, T> {
    fn by_type(find: fn(Q) -> Result<T, Failure>) -> Self {
        Self { find: Find::ByType(find), requires: |_| {} }
    }

    pub(super) fn find(self, place: Q) -> Result<T, Failure> {
        match self.find {
            Find::ByType(find) => find(place),
            Find::ByName(name, find) => find(place, name),
        }
    }

    /// Registers the application state that the argument needs.
    pub fn requires(self, requirements: &mut Requirements) {
        (self.requires)(requirements);
    }
}

/// The first owned argument of `#[handle_in]` and `#[handle_out]`.
pub fn payload<T: FromPayload>() -> Argument<Payload, T> {
    Argument::by_type(|payload| Ok(T::from_payload(payload)?))
}

/// The first owned argument of `#[handle_info]`.
pub fn message<T>() -> Argument<T, T> {
    Argument::by_type(Ok)
}

/// The first owned argument of `#[terminate]`.
pub fn reason<T: FromReason>() -> Argument<Reason, T> {
    Argument::by_type(|reason| Ok(T::from_reason(reason)))
}

/// A context argument of a handler.
pub fn context<'a, T: FromEvent<'a>>() -> Argument<&'a Context, T> {
    Argument { find: Find::ByType(|cx| Ok(T::from_event(cx)?)), requires: T::requires }
}

/// A topic parameter of `#[join]`.
pub fn parameter<'a, T: FromTopic, S>(name: &'static str) -> Argument<&'a JoinContext<S>, T> {
    Argument { find: Find::ByName(name, JoinContext::parameter), requires: |_| {} }
}

/// The first owned argument of `#[join]`.
pub fn join_payload<'a, T: FromPayload, S>() -> Argument<&'a JoinContext<S>, T> {
    Argument::by_type(|cx| Ok(T::from_payload(cx.payload())?))
}

/// A context argument of `#[join]`.
pub fn join_context<'a, T: FromJoin<'a, S>, S>() -> Argument<&'a JoinContext<S>, T> {
    Argument { find: Find::ByType(|cx| Ok(T::from_join(cx)?)), requires: T::requires }
}

/// The first owned argument of `#[connect]`.
pub fn params<'a, T: FromParams>() -> Argument<&'a ConnectContext, T> {
    Argument::by_type(ConnectContext::params)
}

/// A context argument of `#[connect]`.
pub fn connect_context<'a, T: FromConnect<'a>>() -> Argument<&'a ConnectContext, T> {
    Argument { find: Find::ByType(|cx| Ok(T::from_connect(cx)?)), requires: T::requires }
}
