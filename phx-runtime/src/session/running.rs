//! What a connection's channels wait for.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, Join, Ready, join, ready},
    stream::FuturesUnordered,
};

use crate::{
    channel::{Caught, JoinError, JoinedAny, Joining, Member, Returned},
    log,
    message::{Event, Fault},
    serializer::MessageRef,
};

/// What is needed once a join is decided.
pub(super) struct PendingJoin {
    pub(super) reference: Option<MessageRef>,
    /// The channel that the client had joined before.
    pub(super) replaced: Option<Arc<Member>>,
    pub(super) log: Option<log::JoinLine>,
}

/// Which callback runs, and what is needed once it returns.
pub(super) enum Call {
    /// `#[handle_in]`, with the event, the ref to reply to and the log line to write.
    In(Event, Option<MessageRef>, Option<Box<log::HandleInLine>>),
    /// `#[handle_out]`, with the broadcast's event.
    Out(Event),
    /// `#[handle_info]`.
    Info,
}

/// What failed in a channel, for the log.
pub(super) struct Failed {
    callback: &'static str,
    event: Option<Event>,
}

impl Failed {
    /// Something that was sent through the channel's handle, from elsewhere.
    pub(super) const SENDING: Self = Self { callback: "a task of its own", event: None };

    pub(super) fn of(call: &Call) -> Self {
        let (callback, event) = match call {
            Call::In(event, ..) => ("handle_in", Some(event)),
            Call::Out(event) => ("handle_out", Some(event)),
            Call::Info => ("handle_info", None),
        };
        Self { callback, event: event.cloned() }
    }

    pub(super) fn log(&self, member: &Member, fault: &Fault) {
        log::channel_failed(member.whose(), self.callback, self.event.as_deref(), fault);
    }
}

/// Whatever did not finish at once. Nothing is allocated while there is nothing.
#[derive(Default)]
pub(super) struct Running(Option<Box<Sets>>);

#[derive(Default)]
struct Sets {
    joins: Set<With<(Arc<Member>, PendingJoin), Joining>>,
    calls: Set<With<(Arc<Member>, Call), Caught>>,
    /// `terminate` of channels that failed and keep their slot until their client is told.
    failing: Set<With<Arc<Member>, BoxFuture<'static, ()>>>,
    /// `terminate` of channels that have no slot any more.
    leaving: Set<With<Arc<Member>, BoxFuture<'static, ()>>>,
}

/// What finished.
pub(super) enum Done {
    Join(Arc<Member>, PendingJoin, Result<JoinedAny, JoinError>),
    /// A fault means that the callback panicked with the channel in its hands.
    Call(Arc<Member>, Call, Result<Returned, Fault>),
    Failing(Arc<Member>),
    Leaving(Arc<Member>),
}

impl Running {
    fn sets(&mut self) -> &mut Sets {
        self.0.get_or_insert_default()
    }

    pub(super) fn join(&mut self, member: Arc<Member>, pending: PendingJoin, future: Joining) {
        self.sets().joins.push(join(ready((member, pending)), future));
    }

    pub(super) fn call(&mut self, member: Arc<Member>, call: Call, future: Caught) {
        self.sets().calls.push(join(ready((member, call)), future));
    }

    pub(super) fn failing(&mut self, member: Arc<Member>, terminate: BoxFuture<'static, ()>) {
        self.sets().failing.push(join(ready(member), terminate));
    }

    pub(super) fn leaving(&mut self, member: Arc<Member>, terminate: BoxFuture<'static, ()>) {
        self.sets().leaving.push(join(ready(member), terminate));
    }

    /// How many channels are ending without a slot.
    pub(super) fn leaving_channels(&self) -> usize {
        self.0.as_ref().map_or(0, |sets| sets.leaving.len())
    }

    /// Gives up all joins: nobody waits for them any more.
    pub(super) fn cancel_joins(&mut self) {
        if let Some(sets) = &mut self.0 {
            sets.joins = Set::default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|sets| sets.is_empty())
    }

    /// The next that finished. Once there is none, `task` is woken by all that still run.
    pub(super) fn poll_next(&mut self, task: &mut Context<'_>) -> Option<Done> {
        let done = self.0.as_mut()?.poll_next(task);
        if done.is_none() && self.is_empty() {
            self.0 = None;
        }
        done
    }
}

impl Sets {
    fn is_empty(&self) -> bool {
        self.joins.len() + self.calls.len() + self.failing.len() + self.leaving.len() == 0
    }

    fn poll_next(&mut self, task: &mut Context<'_>) -> Option<Done> {
        if let Some(((member, pending), result)) = self.joins.poll_next(task) {
            return Some(Done::Join(member, pending, result));
        }
        if let Some(((member, call), caught)) = self.calls.poll_next(task) {
            let result = caught.map_err(|panic| Fault::from_panic(&*panic));
            return Some(Done::Call(member, call, result));
        }
        if let Some((member, ())) = self.failing.poll_next(task) {
            return Some(Done::Failing(member));
        }
        self.leaving.poll_next(task).map(|(member, ())| Done::Leaving(member))
    }
}

/// A future, and what is needed once it is ready.
type With<T, F> = Join<Ready<T>, F>;

/// Futures under way. Nothing is allocated while there are none.
struct Set<F>(Option<FuturesUnordered<F>>);

impl<F> Default for Set<F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<F: Future> Set<F> {
    fn push(&mut self, future: F) {
        self.0.get_or_insert_default().push(future);
    }

    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, FuturesUnordered::len)
    }

    fn poll_next(&mut self, task: &mut Context<'_>) -> Option<F::Output> {
        match self.0.as_mut()?.poll_next_unpin(task) {
            Poll::Ready(Some(output)) => Some(output),
            Poll::Ready(None) => {
                self.0 = None;
                None
            }
            Poll::Pending => None,
        }
    }
}
