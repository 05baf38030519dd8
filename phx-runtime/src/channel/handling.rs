//! Running a callback: finished at once, or a future that gives the channel back.

use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{self, Poll, Waker},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, CatchUnwind},
};

use super::{context::Context, reply::Reply};
use crate::message::{Failure, Fault, FromFailure, Info, Payload, Reason, caught};

/// A [`Channel`](super::Channel) without its type.
pub(crate) trait AnyChannel: Send {
    fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Run;
    fn handle_out(self: Box<Self>, payload: Payload, cx: Context) -> Run;
    fn handle_info(self: Box<Self>, message: Info, cx: Context) -> Run;
    fn terminate(self: Box<Self>, reason: Reason, cx: Context) -> Run;
}

pub(crate) type Returned = (Box<dyn AnyChannel>, Reply);

/// A callback's run. The channel goes in and comes back out together with what the callback answers,
/// so that a connection can keep the running callback without borrowing from itself.
///
/// `T` is what the callback may answer: a [`Reply`] to the client, [`Next`](crate::Next) where there
/// is nobody to reply to, and nothing at the channel's end.
///
/// ```
/// use phx_runtime::{
///     Payload, Reply,
///     channel::{Channel, Context, Handling, Pattern, PayloadError},
/// };
///
/// struct Counter(u64);
///
/// impl Counter {
///     async fn save(&self) {}
/// }
///
/// impl Channel for Counter {
///     const PATTERNS: &'static [Pattern] = &[Pattern::new("counter:*")];
///
///     fn handle_in(self: Box<Self>, payload: Payload, cx: Context) -> Handling {
///         match cx.event().as_str() {
///             "add" => Handling::now(self, |counter| -> Result<u64, PayloadError> {
///                 counter.0 += payload.decode::<u64>()?;
///                 Ok(counter.0)
///             }),
///             "save" => Handling::later(self, |counter| {
///                 Box::pin(async {
///                     counter.save().await;
///                     Reply::ack()
///                 })
///             }),
///             _ => Handling::unmatched_event(self, &cx),
///         }
///     }
/// }
/// ```
pub struct Handling<T = Reply> {
    run: Run,
    answers: PhantomData<fn() -> T>,
}

impl<T> Handling<T> {
    /// A callback that has already run.
    pub(crate) fn through<C: AnyChannel + 'static>(channel: Box<C>, reply: Reply) -> Self {
        Self { run: Run::Done(channel, reply), answers: PhantomData }
    }

    /// A callback that is still to run; it gives the channel back.
    pub(crate) fn under_way<C: AnyChannel + 'static>(
        callback: impl Future<Output = (Box<C>, Reply)> + Send + 'static,
    ) -> Self {
        let erased = callback.map(|(channel, reply)| (channel as Box<dyn AnyChannel>, reply));
        Self { run: Run::Later(Box::pin(erased)), answers: PhantomData }
    }

    pub(super) fn into_run(self) -> Run {
        self.run
    }
}

impl<T> fmt::Debug for Handling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.run {
            Run::Done(..) => "Handling::Done",
            Run::Later(_) => "Handling::Later",
        })
    }
}

/// A [`Handling`] of any callback.
pub(crate) enum Run {
    Done(Box<dyn AnyChannel>, Reply),
    Later(BoxFuture<'static, Returned>),
}

/// How far a callback got without waiting.
pub(crate) enum Progress {
    /// It is through; a fault means that it panicked with the channel in its hands.
    Through(Result<Returned, Fault>),
    /// It waits for something.
    Waits(Caught),
}

/// A callback under way.
pub(crate) type Caught = CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Returned>>>;

impl Run {
    /// Runs a callback until it waits for the first time, which most never do.
    pub(crate) fn start(callback: impl FnOnce() -> Self) -> Progress {
        let mut future = match catch_unwind(AssertUnwindSafe(callback)) {
            Ok(Self::Done(channel, reply)) => return Progress::Through(Ok((channel, reply))),
            Ok(Self::Later(future)) => AssertUnwindSafe(future).catch_unwind(),
            Err(panic) => return Progress::Through(Err(Fault::from_panic(&*panic))),
        };
        // Whoever keeps it then polls it again, with the task's own waker.
        match future.poll_unpin(&mut task::Context::from_waker(Waker::noop())) {
            Poll::Ready(caught) => {
                Progress::Through(caught.map_err(|panic| Fault::from_panic(&*panic)))
            }
            Poll::Pending => Progress::Waits(future),
        }
    }
}

/// Runs a plain callback; a panic becomes a fault of this channel alone.
pub(crate) fn run(callback: impl FnOnce() -> Result<Reply, Failure>) -> Reply {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(result) => result.unwrap_or_else(Reply::from_failure),
        Err(panic) => Reply::fault(Fault::from_panic(&*panic)),
    }
}

/// Runs an async callback; a panic becomes a fault of this channel alone.
pub(crate) fn run_async(
    callback: impl Future<Output = Result<Reply, Failure>>,
) -> impl Future<Output = Reply> {
    caught(callback).map(|result| result.unwrap_or_else(Reply::from_failure))
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::run_async;
    use crate::message::Failure;

    #[test]
    fn a_callback_under_way_is_stored_once() {
        let callback = async {
            let kept = std::hint::black_box([0_u8; 1000]);
            tokio::task::yield_now().await;
            Ok::<_, Failure>(Reply::ok(usize::from(kept[0])))
        };
        let own = size_of_val(&callback);
        let around = async move {
            let reply = run_async(callback).await;
            ((), reply)
        };
        assert!(size_of_val(&around) < 2 * own + 100, "{} of {own}", size_of_val(&around));
    }
}
