//! Running a handler: its arguments are found, it is called, its result becomes the reply.
//!
//! All of that is ordinary code here, and generated code only says which functions take part. Their
//! types are those of plain functions rather than of traits, and what borrows from the channel is
//! one boxed future for all handlers: each of those is work that the compiler would otherwise repeat
//! for every handler of an application. Only the boxing stands in generated code, where a future that is
//! not `Send` is blamed for what it is, and nothing here is.

use std::{future::ready, marker::PhantomData};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Either},
};

use super::counts::each_count;
use crate::{
    Reply,
    channel::{Channel, Context, Handling, StateOf, run, run_async},
    message::{Failure, Fault, FromFailure},
};

/// A handler that has been called and still runs, without its type.
pub type Running<'a> = BoxFuture<'a, Reply>;

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
pub fn now<C: Channel, Arrived, Answer>(
    mut channel: Box<C>,
    arrived: Arrived,
    cx: Context,
    call: for<'a> fn(Given<'a, Now, &'a mut C, Arrived>) -> Result<Reply, Failure>,
) -> Handling<Answer> {
    let reply = run(|| call(Given::new(&mut channel, arrived, &cx)));
    Handling::through(channel, reply)
}

/// Runs an async handler.
pub fn later<C: Channel, Arrived: Send + 'static, Answer>(
    mut channel: Box<C>,
    arrived: Arrived,
    cx: Context,
    call: for<'a> fn(Given<'a, Later, &'a mut C, Arrived>) -> Running<'a>,
) -> Handling<Answer> {
    Handling::under_way(async move {
        let called = async { Ok(call(Given::new(&mut channel, arrived, &cx)).await) };
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
                    $($argument: fn(&'a Context) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Reply,
                ) -> Result<Reply, Failure> {
                    Ok(answer(handler(self.state, $($argument(self.cx)?),*)))
                }

                /// Calls a handler with what arrived and context.
                pub fn $receive<Received, Refused: Into<Failure>, $($ty,)* Returned>(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Returned,
                    received: fn(Arrived) -> Result<Received, Refused>,
                    $($argument: fn(&'a Context) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Reply,
                ) -> Result<Reply, Failure> {
                    let received = received(self.arrived).map_err(Into::into)?;
                    Ok(answer(handler(self.state, received, $($argument(self.cx)?),*)))
                }
            )*
        }

        #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
        impl<'a, State, Arrived> Given<'a, Later, State, Arrived> {
            $(
                /// Calls a handler with context alone.
                pub fn $call<$($ty,)* Returned, Awaited: Future<Output = Returned>>(
                    self,
                    handler: fn(State, $($ty),*) -> Awaited,
                    $($argument: fn(&'a Context) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Reply,
                ) -> impl Future<Output = Reply> {
                    let call = || Ok(handler(self.state, $($argument(self.cx)?),*));
                    called(call(), answer)
                }

                /// Calls a handler with what arrived and context.
                pub fn $receive<
                    Received,
                    Refused: Into<Failure>,
                    $($ty,)*
                    Returned,
                    Awaited: Future<Output = Returned>,
                >(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Awaited,
                    received: fn(Arrived) -> Result<Received, Refused>,
                    $($argument: fn(&'a Context) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Reply,
                ) -> impl Future<Output = Reply> {
                    let call = || {
                        let received = received(self.arrived).map_err(Into::into)?;
                        Ok(handler(self.state, received, $($argument(self.cx)?),*))
                    };
                    called(call(), answer)
                }
            )*
        }
    };
}

each_count!(calls);

/// A handler that was called, its result to become the reply.
fn called<F: Future<Output = Returned>, Returned>(
    called: Result<F, Failure>,
    answer: fn(Returned) -> Reply,
) -> impl Future<Output = Reply> {
    match called {
        Ok(future) => Either::Left(future.map(answer)),
        Err(failure) => Either::Right(ready(Reply::from_failure(failure))),
    }
}
