//! Running a handler: its arguments are found, it is called, its result becomes the reply.
//!
//! All of that is ordinary code here, and generated code only says which functions take part. Their
//! types are those of plain functions rather than of traits, and what borrows from the channel is
//! one boxed future for all handlers: each of those is work that the compiler would otherwise repeat
//! for every handler of an application.

use std::marker::PhantomData;

use futures_util::{FutureExt, future::BoxFuture};

use super::{arguments::Argument, counts::each_count};
use crate::{
    channel::{Channel, Context, Handling, Reply, StateOf, run, run_async},
    message::Failure,
};

/// A handler that has been called and still runs.
pub type Running<'a> = BoxFuture<'a, Result<Reply, Failure>>;

/// What a handler is called with: the state, what arrived, and the context of the call. `Mode` is
/// [`Now`] or [`Later`].
#[derive(Debug)]
pub struct Given<'a, Mode, State, Arrived> {
    state: State,
    arrived: Arrived,
    cx: &'a Context,
    mode: PhantomData<Mode>,
}

/// The handler is plain.
#[derive(Debug)]
pub struct Now;

/// The handler is async.
#[derive(Debug)]
pub struct Later;

/// Runs a plain handler.
pub fn now<C: Channel, Arrived>(
    mut channel: Box<C>,
    arrived: Arrived,
    cx: Context,
    call: for<'a> fn(Given<'a, Now, &'a mut C, Arrived>) -> Result<Reply, Failure>,
) -> Handling {
    let reply = run(|| call(Given::new(&mut channel, arrived, &cx)));
    Handling::done(channel, reply)
}

/// Runs an async handler.
pub fn later<C: Channel, Arrived: Send + 'static>(
    mut channel: Box<C>,
    arrived: Arrived,
    cx: Context,
    call: for<'a> fn(Given<'a, Later, &'a mut C, Arrived>) -> Result<Running<'a>, Failure>,
) -> Handling {
    Handling::later(async move {
        let called = async { call(Given::new(&mut channel, arrived, &cx))?.await };
        let reply = run_async(called).await;
        (channel, reply)
    })
}

impl<'a, Mode, State, Arrived> Given<'a, Mode, State, Arrived> {
    fn new(state: State, arrived: Arrived, cx: &'a Context) -> Self {
        Self { state, arrived, cx, mode: PhantomData }
    }
}

impl<'a, Mode, C, Arrived> Given<'a, Mode, &'a mut C, Arrived> {
    /// For a handler that only reads the state.
    pub fn shared(self) -> Given<'a, Mode, &'a C, Arrived> {
        Given::new(self.state, self.arrived, self.cx)
    }

    /// For a handler that only reads the state, and has another name for its type.
    pub fn shared_as<T: StateOf<C>>(self) -> Given<'a, Mode, &'a T, Arrived> {
        Given::new(T::shared(self.state), self.arrived, self.cx)
    }

    /// For a handler that has another name for the state's type.
    pub fn exclusive_as<T: StateOf<C>>(self) -> Given<'a, Mode, &'a mut T, Arrived> {
        Given::new(T::exclusive(self.state), self.arrived, self.cx)
    }
}

macro_rules! calls {
    ($($call:ident $receive:ident($($argument:ident: $ty:ident),*))*) => {
        #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
        impl<'a, State, Arrived> Given<'a, Now, State, Arrived> {
            $(
                /// Calls a handler with context alone.
                pub fn $call<$($ty,)* Returned>(
                    self,
                    handler: fn(State, $($ty),*) -> Returned,
                    $($argument: Argument<&'a Context, $ty>,)*
                    answer: fn(Returned) -> Result<Reply, Failure>,
                ) -> Result<Reply, Failure> {
                    answer(handler(self.state, $($argument.find(self.cx)?),*))
                }

                /// Calls a handler with what arrived and context.
                pub fn $receive<Received, $($ty,)* Returned>(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Returned,
                    received: Argument<Arrived, Received>,
                    $($argument: Argument<&'a Context, $ty>,)*
                    answer: fn(Returned) -> Result<Reply, Failure>,
                ) -> Result<Reply, Failure> {
                    let received = received.find(self.arrived)?;
                    answer(handler(self.state, received, $($argument.find(self.cx)?),*))
                }
            )*
        }

        #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
        impl<'a, State, Arrived> Given<'a, Later, State, Arrived> {
            $(
                /// Calls a handler with context alone.
                pub fn $call<$($ty,)* Returned: 'a, Called>(
                    self,
                    handler: fn(State, $($ty),*) -> Called,
                    $($argument: Argument<&'a Context, $ty>,)*
                    answer: fn(Returned) -> Result<Reply, Failure>,
                ) -> Result<Running<'a>, Failure>
                where
                    Called: Future<Output = Returned> + Send + 'a,
                {
                    Ok(handler(self.state, $($argument.find(self.cx)?),*).map(answer).boxed())
                }

                /// Calls a handler with what arrived and context.
                pub fn $receive<Received, $($ty,)* Returned: 'a, Called>(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Called,
                    received: Argument<Arrived, Received>,
                    $($argument: Argument<&'a Context, $ty>,)*
                    answer: fn(Returned) -> Result<Reply, Failure>,
                ) -> Result<Running<'a>, Failure>
                where
                    Called: Future<Output = Returned> + Send + 'a,
                {
                    let received = received.find(self.arrived)?;
                    let called = handler(self.state, received, $($argument.find(self.cx)?),*);
                    Ok(called.map(answer).boxed())
                }
            )*
        }
    };
}

each_count!(calls);
