//! Running a handler: its arguments are found, it is called, its result becomes the reply of a channel or
//! the answer of a socket without channels.
//!
//! All of that is ordinary code here, and generated code only says which functions take part. Their
//! types are those of plain functions rather than of traits, and what borrows from the channel is
//! one boxed future for all handlers: each of those is work that the compiler would otherwise repeat
//! for every handler of an application. Only the boxing stands in generated code, where a future that is
//! not `Send` is blamed for what it is, and nothing here is.

use std::{
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll},
};

use futures_util::{FutureExt, future::BoxFuture};
use pin_project_lite::pin_project;

use super::counts::each_count;
use crate::{
    Reply,
    channel::{Channel, Context, Handling, run, run_async},
    message::{Failure, Fault, FromFailure},
    raw::{Answer, RawContext},
    transport::{Frame, Handled},
};

/// A handler that has been called and still runs, without its type.
pub type Running<'a, Outcome = Reply> = BoxFuture<'a, Outcome>;

/// What a handler is called with: the state, what arrived, and the context of the call. `Mode` is
/// [`Now`] or [`Later`].
#[derive(Debug)]
pub struct Given<Mode, State, Arrived, Cx> {
    state: State,
    arrived: Arrived,
    cx: Cx,
    mode: PhantomData<Mode>,
}

/// What a plain handler of a channel is called with.
pub type GivenNow<'a, C, Arrived> = Given<Now, &'a mut C, Arrived, &'a Context>;

/// What an async handler of a channel is called with.
pub type GivenLater<'a, C, Arrived> = Given<Later, &'a mut C, Arrived, &'a Context>;

/// What a plain handler of a socket without channels is called with.
pub type RawNow<'a, S, Arrived> = Given<Now, &'a mut S, Arrived, RawContext<'a>>;

/// The call of a plain handler that may borrow from the message of the client.
pub type FrameNow<S> = for<'a> fn(RawNow<'a, S, &'a Frame>) -> Result<Answer, Failure>;

/// The call of an async one.
pub type FrameLater<S> = for<'a> fn(RawLater<'a, S, &'a Frame>) -> Running<'a, Answer>;

/// What an async handler of a socket without channels is called with.
pub type RawLater<'a, S, Arrived> = Given<Later, &'a mut S, Arrived, RawContext<'a>>;

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
    call: for<'a> fn(GivenNow<'a, C, Arrived>) -> Result<Reply, Failure>,
) -> Handling<Answer> {
    let reply = run(|| call(Given::new(&mut channel, arrived, &cx)));
    Handling::through(channel, reply)
}

/// Runs an async handler.
pub fn later<C: Channel, Arrived: Send + 'static, Answer>(
    mut channel: Box<C>,
    arrived: Arrived,
    cx: Context,
    call: for<'a> fn(GivenLater<'a, C, Arrived>) -> Running<'a>,
) -> Handling<Answer> {
    Handling::under_way(async move {
        let called = async { Ok(call(Given::new(&mut channel, arrived, &cx)).await) };
        let reply = run_async(called).await;
        (channel, reply)
    })
}

/// Runs a plain handler of a socket without channels; `method` is what the log calls it.
pub fn raw_now<'a, S, Arrived>(
    method: &'static str,
    state: &'a mut S,
    arrived: Arrived,
    cx: RawContext<'a>,
    call: fn(RawNow<'a, S, Arrived>) -> Result<Answer, Failure>,
) -> Handled<'a> {
    answered(call(Given::new(state, arrived, cx))).finish(method, cx.connection()).into()
}

/// Runs an async handler of a socket without channels.
pub fn raw_later<'a, S, Arrived>(
    method: &'static str,
    state: &'a mut S,
    arrived: Arrived,
    cx: RawContext<'a>,
    call: fn(RawLater<'a, S, Arrived>) -> Running<'a, Answer>,
) -> Handled<'a> {
    let running = call(Given::new(state, arrived, cx));
    Handled::later(async move { running.await.finish(method, cx.connection()) })
}

/// Runs a plain handler that may borrow from the message of the client.
pub fn frame_now<'a, S>(
    state: &'a mut S,
    frame: &Frame,
    cx: RawContext<'a>,
    call: FrameNow<S>,
) -> Handled<'a> {
    answered(call(Given::new(state, frame, cx))).finish("handle_in", cx.connection()).into()
}

/// Runs an async handler that may borrow from the message of the client.
pub fn frame_later<'a, S: Send>(
    state: &'a mut S,
    frame: Frame,
    cx: RawContext<'a>,
    call: FrameLater<S>,
) -> Handled<'a> {
    Handled::later(async move {
        let answer = call(Given::new(state, &frame, cx)).await;
        answer.finish("handle_in", cx.connection())
    })
}

/// Waits for the end that a socket without channels makes; the connection is over, whatever it decides.
pub fn raw_ended(ending: Handled<'_>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(ending.decide().map(drop))
}

fn answered(answer: Result<Answer, Failure>) -> Answer {
    answer.unwrap_or_else(Answer::from_failure)
}

impl<Mode, State, Arrived, Cx> Given<Mode, State, Arrived, Cx> {
    fn new(state: State, arrived: Arrived, cx: Cx) -> Self {
        Self { state, arrived, cx, mode: PhantomData }
    }
}

impl<'a, Mode, C, Arrived, Cx> Given<Mode, &'a mut C, Arrived, Cx> {
    /// For a handler that only reads the state.
    pub fn shared(self) -> Given<Mode, &'a C, Arrived, Cx> {
        Given::new(self.state, self.arrived, self.cx)
    }

    /// For a handler that only reads the state, and has another name for its type.
    pub fn shared_as<T>(self, named: fn(&'a C) -> &'a T) -> Given<Mode, &'a T, Arrived, Cx> {
        Given::new(named(self.state), self.arrived, self.cx)
    }

    /// For a handler that has another name for the state's type.
    pub fn exclusive_as<T>(
        self,
        named: fn(&'a mut C) -> &'a mut T,
    ) -> Given<Mode, &'a mut T, Arrived, Cx> {
        Given::new(named(self.state), self.arrived, self.cx)
    }
}

macro_rules! calls {
    ($($call:ident $receive:ident($($argument:ident: $ty:ident),*))*) => {
        #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
        impl<State, Arrived, Cx: Copy> Given<Now, State, Arrived, Cx> {
            $(
                /// Calls a handler with context alone.
                pub fn $call<$($ty,)* Returned, Outcome>(
                    self,
                    handler: fn(State, $($ty),*) -> Returned,
                    $($argument: fn(Cx) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Outcome,
                ) -> Result<Outcome, Failure> {
                    Ok(answer(handler(self.state, $($argument(self.cx)?),*)))
                }

                /// Calls a handler with what arrived and context.
                pub fn $receive<Received, Refused: Into<Failure>, $($ty,)* Returned, Outcome>(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Returned,
                    received: fn(Arrived) -> Result<Received, Refused>,
                    $($argument: fn(Cx) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Outcome,
                ) -> Result<Outcome, Failure> {
                    let received = received(self.arrived).map_err(Into::into)?;
                    Ok(answer(handler(self.state, received, $($argument(self.cx)?),*)))
                }
            )*
        }

        #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
        impl<State, Arrived, Cx: Copy> Given<Later, State, Arrived, Cx> {
            $(
                /// Calls a handler with context alone.
                pub fn $call<
                    $($ty,)*
                    Returned,
                    Awaited: Future<Output = Returned>,
                    Outcome: FromFailure,
                >(
                    self,
                    handler: fn(State, $($ty),*) -> Awaited,
                    $($argument: fn(Cx) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Outcome,
                ) -> impl Future<Output = Outcome> {
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
                    Outcome: FromFailure,
                >(
                    self,
                    handler: fn(State, Received, $($ty),*) -> Awaited,
                    received: fn(Arrived) -> Result<Received, Refused>,
                    $($argument: fn(Cx) -> Result<$ty, Fault>,)*
                    answer: fn(Returned) -> Outcome,
                ) -> impl Future<Output = Outcome> {
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

pin_project! {
    /// A handler that was called, its result to become the reply. One small type rather than several that are
    /// nested: that it may go to another thread is proven for every handler. Hidden, so that errors do not show it.
    #[project = Proceeding]
    enum Called<F, Returned, Outcome> {
        Runs { #[pin] handler: F, answer: fn(Returned) -> Outcome },
        Failed { outcome: Option<Outcome> },
    }
}

impl<F: Future<Output = Returned>, Returned, Outcome> Future for Called<F, Returned, Outcome> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Outcome> {
        match self.project() {
            Proceeding::Runs { handler, answer } => handler.poll(task).map(*answer),
            // It is over then, and nobody asks again.
            Proceeding::Failed { outcome } => outcome.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

fn called<F: Future<Output = Returned>, Returned, Outcome: FromFailure>(
    called: Result<F, Failure>,
    answer: fn(Returned) -> Outcome,
) -> Called<F, Returned, Outcome> {
    match called {
        Ok(handler) => Called::Runs { handler, answer },
        Err(failure) => Called::Failed { outcome: Some(Outcome::from_failure(failure)) },
    }
}
