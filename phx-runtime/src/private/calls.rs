//! Running a handler: its arguments are found, it is called, its result becomes the reply.
//!
//! All of that is ordinary code here, and generated code only says which functions take part. Their
//! types are those of plain functions rather than of traits, a future is boxed where it is made,
//! and what borrows from the channel is one future of the runtime's own for all handlers: each of
//! those is work that the compiler would otherwise repeat for every handler of an application.

use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    __private::{FromReason, ended, next, reply},
    channel::{
        Channel, Context, FromEvent, FromPayload, Handling, IntoNext, IntoReply, Payload, Reason,
        Reply, run, run_async,
    },
    endpoint::Requirements,
    error::{Failure, Fault},
};

/// A handler that has been called and still runs.
pub type Running<'a> = BoxFuture<'a, Result<Reply, Failure>>;

/// What a handler's arguments are found in: what arrived, an `S`, and the context of the call.
#[derive(Debug)]
pub struct Given<'a, S> {
    subject: Option<S>,
    cx: &'a Context,
}

impl<'a, S> Given<'a, S> {
    fn new(subject: S, cx: &'a Context) -> Self {
        Self { subject: Some(subject), cx }
    }

    fn take(&mut self) -> Result<S, Failure> {
        self.subject.take().ok_or_else(|| Fault::new("a message was taken twice").into())
    }
}

/// How an argument of type `T` is found.
///
/// A context argument is asked for in two places: by the call, and by the endpoint's requirements.
/// Both use the same function, because a type that is no context argument is then reported once.
#[derive(Debug)]
pub struct Argument<'a, S, T> {
    find: fn(&mut Given<'a, S>) -> Result<T, Failure>,
    requires: fn(&mut Requirements),
}

impl<S, T> Argument<'_, S, T> {
    /// Registers the application state that the argument needs.
    pub fn requires(self, requirements: &mut Requirements) {
        (self.requires)(requirements);
    }
}

/// The first owned argument of `#[handle_in]` and `#[handle_out]`.
pub fn decode<'a, T: FromPayload>() -> Argument<'a, Payload, T> {
    Argument { find: |given| Ok(T::from_payload(given.take()?)?), requires: |_| {} }
}

/// The first owned argument of `#[handle_info]`.
pub fn message<'a, T>() -> Argument<'a, T, T> {
    Argument { find: Given::take, requires: |_| {} }
}

/// The first owned argument of `#[terminate]`.
pub fn reason<'a, T: FromReason>() -> Argument<'a, Reason, T> {
    Argument { find: |given| Ok(T::from_reason(given.take()?)), requires: |_| {} }
}

/// A context argument.
pub fn context<'a, T: FromEvent<'a>, S>() -> Argument<'a, S, T> {
    Argument { find: |given| Ok(T::from_event(given.cx)?), requires: T::requires }
}

/// Runs a plain handler.
pub fn now<C: Channel, S>(
    mut channel: Box<C>,
    subject: S,
    cx: Context,
    call: for<'a> fn(&'a mut C, Given<'a, S>) -> Result<Reply, Failure>,
) -> Handling {
    let reply = run(|| call(&mut channel, Given::new(subject, &cx)));
    Handling::done(channel, reply)
}

/// Runs an async handler.
pub fn later<C: Channel, S: Send + 'static>(
    mut channel: Box<C>,
    subject: S,
    cx: Context,
    call: for<'a> fn(&'a mut C, Given<'a, S>) -> Result<Running<'a>, Failure>,
) -> Handling {
    Handling::later(async move {
        let called = async { call(&mut channel, Given::new(subject, &cx))?.await };
        let reply = run_async(called).await;
        (channel, reply)
    })
}

/// What an async `#[handle_in]` will return.
pub fn reply_later<'a, T: IntoReply + 'a, F>(future: F) -> Result<Running<'a>, Failure>
where
    F: Future<Output = T> + Send + 'a,
{
    Ok(Box::pin(future.map(reply::<T>)))
}

/// What an async `#[handle_out]` or `#[handle_info]` will return.
pub fn next_later<'a, T: IntoNext + 'a, F>(future: F) -> Result<Running<'a>, Failure>
where
    F: Future<Output = T> + Send + 'a,
{
    Ok(Box::pin(future.map(next::<T>)))
}

/// What an async `#[terminate]` will return.
pub fn ended_later<'a, F>(future: F) -> Result<Running<'a>, Failure>
where
    F: Future<Output = ()> + Send + 'a,
{
    Ok(Box::pin(future.map(ended)))
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $ty:ident),+))*) => {
        /// Calling a handler with as many arguments besides the state as the name says.
        pub mod call {
            use super::{Argument, Given};
            use crate::error::Failure;

            /// Calls a handler that takes only the state.
            pub fn with_0<C, S, R, T>(
                _: Given<'_, S>,
                state: C,
                handler: fn(C) -> R,
                answer: fn(R) -> Result<T, Failure>,
            ) -> Result<T, Failure> {
                answer(handler(state))
            }

            $(
                #[doc = "Finds the arguments, in their order, and calls the handler."]
                #[allow(clippy::too_many_arguments, reason = "as many as a handler has")]
                pub fn $name<'a, C, S, $($ty,)* R, T>(
                    mut given: Given<'a, S>,
                    state: C,
                    handler: fn(C, $($ty),*) -> R,
                    $($argument: Argument<'a, S, $ty>,)*
                    answer: fn(R) -> Result<T, Failure>,
                ) -> Result<T, Failure> {
                    $(let $argument = ($argument.find)(&mut given)?;)*
                    answer(handler(state, $($argument),*))
                }
            )*
        }
    };
}

// `phx-macros` knows how many there are: `MOST_ARGUMENTS`.
calls! {
    with_1(a: A)
    with_2(a: A, b: B)
    with_3(a: A, b: B, c: D)
    with_4(a: A, b: B, c: D, d: E)
    with_5(a: A, b: B, c: D, d: E, e: F)
    with_6(a: A, b: B, c: D, d: E, e: F, f: G)
    with_7(a: A, b: B, c: D, d: E, e: F, f: G, g: H)
    with_8(a: A, b: B, c: D, d: E, e: F, f: G, g: H, h: I)
    with_9(a: A, b: B, c: D, d: E, e: F, f: G, g: H, h: I, i: J)
    with_10(a: A, b: B, c: D, d: E, e: F, f: G, g: H, h: I, i: J, j: K)
    with_11(a: A, b: B, c: D, d: E, e: F, f: G, g: H, h: I, i: J, j: K, k: L)
    with_12(a: A, b: B, c: D, d: E, e: F, f: G, g: H, h: I, i: J, j: K, k: L, l: M)
}
