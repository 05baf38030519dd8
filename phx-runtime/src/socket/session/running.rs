//! Callbacks of a connection that did not finish at once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};

use crate::{
    channel::{
        AnyChannel, Event, Handling, JoinError, JoinedAny, Joining, Member, Reason, Reply, Step,
    },
    error::Fault,
    serializer::MessageRef,
    telemetry,
};

/// A join or callback under way.
pub(super) struct Running {
    member: Arc<Member>,
    work: RunningWork,
}

enum RunningWork {
    Join(Joining),
    Call { call: Option<Call>, future: BoxFuture<'static, (Box<dyn AnyChannel>, Reply)> },
}

/// Which callback runs, and what follows it.
pub(super) enum Call {
    /// `#[handle_in]`, with the ref to reply to and the log line to write.
    In(Option<MessageRef>, Option<Box<telemetry::HandleIn>>),
    /// `#[handle_out]`, with the broadcast's event.
    Out(Event),
    /// `#[handle_info]`.
    Info,
    /// `#[terminate]`.
    Terminate(Reason),
}

/// A finished join or callback.
pub(super) enum Ran {
    Joined(Result<JoinedAny, JoinError>),
    Returned(Call, Box<dyn AnyChannel>, Reply),
    /// A hand-written callback panicked with the channel in its hands.
    Lost(Call, Fault),
}

/// Starts a join. The first poll is made on the spot, since most joins need no second.
pub(super) fn start_join(member: &Arc<Member>, join: Joining) -> Result<Ran, Running> {
    Running { member: member.clone(), work: RunningWork::Join(join) }.start()
}

/// Starts a callback, which `handle` turns the channel into.
pub(super) fn start_call(
    member: &Arc<Member>,
    call: Call,
    handle: impl FnOnce() -> Handling,
) -> Result<Ran, Running> {
    match catch_unwind(AssertUnwindSafe(handle)) {
        Ok(Handling(Step::Done(channel, reply))) => Ok(Ran::Returned(call, channel, reply)),
        Ok(Handling(Step::Later(future))) => {
            let work = RunningWork::Call { call: Some(call), future };
            Running { member: member.clone(), work }.start()
        }
        Err(panic) => Ok(Ran::Lost(call, Fault::from_panic(&*panic))),
    }
}

impl Running {
    fn start(mut self) -> Result<Ran, Self> {
        // Whoever keeps what is still pending polls it again, with the task's own waker.
        match self.poll_work(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ran) => Ok(ran),
            Poll::Pending => Err(self),
        }
    }

    fn poll_work(&mut self, task: &mut Context<'_>) -> Poll<Ran> {
        match &mut self.work {
            RunningWork::Join(join) => {
                match catch_unwind(AssertUnwindSafe(|| join.as_mut().poll(task))) {
                    Ok(poll) => poll.map(Ran::Joined),
                    Err(panic) => Poll::Ready(Ran::Joined(Err(Fault::from_panic(&*panic).into()))),
                }
            }
            RunningWork::Call { call, future } => {
                let result = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(returned)) => Ok(returned),
                    Err(panic) => Err(Fault::from_panic(&*panic)),
                };
                let call = call.take().unwrap_or(Call::Info);
                Poll::Ready(match result {
                    Ok((channel, reply)) => Ran::Returned(call, channel, reply),
                    Err(fault) => Ran::Lost(call, fault),
                })
            }
        }
    }

    fn is_join(&self) -> bool {
        matches!(self.work, RunningWork::Join(_))
    }
}

impl Future for Running {
    type Output = (Arc<Member>, Ran);

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let ran = self.poll_work(task);
        ran.map(|ran| (self.member.clone(), ran))
    }
}

/// All callbacks of a connection that are under way. Nothing is allocated while there are none.
#[derive(Default)]
pub(super) struct RunningSet(Option<Box<FuturesUnordered<Running>>>);

impl RunningSet {
    pub(super) fn push(&mut self, running: Running) {
        self.0.get_or_insert_default().push(running);
    }

    /// The next that finished.
    pub(super) fn poll_next(&mut self, task: &mut Context<'_>) -> Option<(Arc<Member>, Ran)> {
        match self.0.as_mut()?.poll_next_unpin(task) {
            Poll::Ready(Some(ran)) => Some(ran),
            Poll::Ready(None) => {
                self.0 = None;
                None
            }
            Poll::Pending => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|running| running.is_empty())
    }

    /// Gives up all joins: nobody waits for them any more.
    pub(super) fn cancel_joins(&mut self) {
        if let Some(running) = self.0.take() {
            running.into_iter().filter(|running| !running.is_join()).for_each(|r| self.push(r));
        }
    }
}
