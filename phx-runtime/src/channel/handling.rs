//! Running a callback: finished at once, or a future that gives the channel back.

use std::{
    any::Any,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
};

use super::{AnyChannel, Channel, Context, reply::Reply};
use crate::error::{Failure, Fault};

pub(crate) type Returned = (Box<dyn AnyChannel>, Reply);

/// A callback's run. The channel goes in and comes back out together with the reply, so that a
/// connection can keep the running callback without borrowing from itself.
pub struct Handling(pub(crate) Step);

pub(crate) enum Step {
    Done(Box<dyn AnyChannel>, Reply),
    Later(Pin<Box<dyn Future<Output = Returned> + Send>>),
}

impl Handling {
    /// A callback that has already run.
    pub fn done<C: Channel>(channel: Box<C>, reply: Reply) -> Self {
        Self(Step::Done(channel, reply))
    }

    /// A callback that is still to run; it gives the channel back.
    pub fn later<C: Channel>(
        callback: impl Future<Output = (Box<C>, Reply)> + Send + 'static,
    ) -> Self {
        Self(Step::Later(Box::pin(async move {
            let (channel, reply) = callback.await;
            (channel as Box<dyn AnyChannel>, reply)
        })))
    }

    /// No handler takes this event: the client is told so, and the channel goes on.
    pub fn unmatched_event<C: Channel>(channel: Box<C>, cx: &Context) -> Self {
        if !cx.expects_reply() {
            tracing::warn!(
                topic = %cx.socket().topic(), event = %cx.event(),
                "no handler for an event that asked for no reply"
            );
        }
        Self::done(channel, Reply::unmatched_event())
    }

    /// No handler takes this message: it is logged, and the channel goes on.
    pub fn unmatched_info<C: Channel>(channel: Box<C>, _message: Info, cx: &Context) -> Self {
        tracing::warn!(topic = %cx.socket().topic(), "no `#[handle_info]` takes this message");
        Self::done(channel, Reply::none())
    }
}

impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Step::Done(..) => "Handling::Done",
            Step::Later(_) => "Handling::Later",
        })
    }
}

/// A message for `#[handle_info]`, told apart by its type.
pub struct Info(pub(crate) Box<dyn Any + Send>);

impl Info {
    /// Takes the message out if it is a `T`.
    pub fn take<T: Any>(self) -> Result<T, Self> {
        self.0.downcast().map(|message| *message).map_err(Self)
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Info")
    }
}

/// Runs a plain callback; a panic becomes a fault of this channel alone.
pub fn run(callback: impl FnOnce() -> Result<Reply, Failure>) -> Reply {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(result) => result.unwrap_or_else(Reply::from),
        Err(panic) => Reply::fault(Fault::from_panic(&*panic)),
    }
}

/// Runs an async callback; a panic becomes a fault of this channel alone.
pub async fn run_async(callback: impl Future<Output = Result<Reply, Failure>>) -> Reply {
    caught(callback).await.unwrap_or_else(Reply::from)
}

/// Awaits `future`, turning a panic of any poll into a fault.
///
/// The state that the future borrowed may be left half changed, as after a panic in any Rust
/// program that catches it; the callers end the channel, and only `#[terminate]` still sees it.
pub(crate) async fn caught<T, E: From<Fault>>(
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll,
        Err(panic) => std::task::Poll::Ready(Err(Fault::from_panic(&*panic).into())),
    })
    .await
}
