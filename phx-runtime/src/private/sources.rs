//! Where a context argument of `#[connect]` or `#[join]` is looked for: in the context of a call, or, while the endpoint is
//! built, among its requirements.
//!
//! The two have one helper between them, because a type that is no context argument is then
//! reported once and not twice.

use crate::{
    channel::{ConnectContext, FromConnect, FromJoin, JoinContext},
    endpoint::Requirements,
    error::Fault,
};

/// What the context arguments of `#[join]` are found in.
pub trait JoinSource<'a, S> {
    /// What is found of a `T`.
    type Found<T>;

    /// Looks for a `T`.
    fn find<T: FromJoin<'a, S>>(self) -> Self::Found<T>;
}

impl<'a, S> JoinSource<'a, S> for &'a JoinContext<S> {
    type Found<T> = Result<T, Fault>;

    fn find<T: FromJoin<'a, S>>(self) -> Result<T, Fault> {
        T::from_join(self)
    }
}

impl<'a, S> JoinSource<'a, S> for &mut Requirements {
    type Found<T> = ();

    fn find<T: FromJoin<'a, S>>(self) {
        T::requires(self);
    }
}

/// What the context arguments of `#[connect]` are found in.
pub trait ConnectSource<'a> {
    /// What is found of a `T`.
    type Found<T>;

    /// Looks for a `T`.
    fn find<T: FromConnect<'a>>(self) -> Self::Found<T>;
}

impl<'a> ConnectSource<'a> for &'a ConnectContext {
    type Found<T> = Result<T, Fault>;

    fn find<T: FromConnect<'a>>(self) -> Result<T, Fault> {
        T::from_connect(self)
    }
}

impl<'a> ConnectSource<'a> for &mut Requirements {
    type Found<T> = ();

    fn find<T: FromConnect<'a>>(self) {
        T::requires(self);
    }
}
