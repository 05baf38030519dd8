//! The ways in which a channel ends.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    running::Failed,
    slot::{Fate, Slot, Stage},
    turns::Core,
};
use crate::{
    channel::{AnyChannel, Caught, Context, End, Member, Progress, Returned, Run, Socket},
    log,
    message::{Event, Fault, Payload, Reason},
    serializer::{Message, MessageRef},
    transport::TERMINATE,
};

impl Core {
    /// The client leaves: it is told at once, and `terminate` runs behind its back.
    pub(super) fn leave(
        &mut self,
        slot: &mut Slot,
        channel: Box<dyn AnyChannel>,
        reference: Option<&MessageRef>,
    ) -> Fate {
        slot.member.leave();
        // `{}` can always be encoded.
        let _ = slot.member.reply(reference, "ok", &Payload::empty_object());
        slot.member.send_closed();
        self.let_go(slot.member.clone(), channel, Reason::Left);
        Fate::Gone
    }

    /// The client joins a topic again: the old channel goes without a word, and its end is announced
    /// once the join is decided.
    pub(super) fn replace(
        &mut self,
        slot: &mut Slot,
        channel: Box<dyn AnyChannel>,
        message: Message,
    ) -> Fate {
        let id = slot.member.session.id.as_ref();
        log::duplicate_join(&slot.member.topic, id, self.routes.socket());
        slot.member.close();
        self.let_go(slot.member.clone(), channel, Reason::Replaced);
        Fate::Rejoined(message)
    }

    /// A callback stopped its channel. A graceful end is announced before `terminate` runs, an error
    /// after it, as in Phoenix.
    pub(super) fn stop(
        &mut self,
        slot: &mut Slot,
        channel: Box<dyn AnyChannel>,
        reason: Reason,
    ) -> Fate {
        slot.member.unsubscribe();
        if reason.is_graceful() {
            slot.member.send_closed();
            self.let_go(slot.member.clone(), channel, reason);
            return Fate::Gone;
        }
        match terminate(&slot.member, channel, reason) {
            None => Self::crashed(slot),
            Some(terminate) => {
                slot.stage = Stage::Failing;
                self.running.failing(slot.member.clone(), terminate);
                Fate::Stays
            }
        }
    }

    /// A callback failed.
    pub(super) fn fail(
        &mut self,
        slot: &mut Slot,
        channel: Box<dyn AnyChannel>,
        failed: &Failed,
        fault: &Fault,
    ) -> Fate {
        failed.log(&slot.member, fault);
        self.stop(slot, channel, Reason::failed(fault))
    }

    /// Nothing is left of a channel that failed, and its client is told.
    pub(super) fn crashed(slot: &Slot) -> Fate {
        slot.member.unsubscribe();
        slot.member.send_crashed();
        slot.member.close();
        Fate::Gone
    }

    /// Lets a channel end that has no slot any more.
    pub(super) fn let_go(
        &mut self,
        member: Arc<Member>,
        channel: Box<dyn AnyChannel>,
        reason: Reason,
    ) {
        match terminate(&member, channel, reason) {
            None => member.close(),
            Some(terminate) => self.running.leaving(member, terminate),
        }
    }
}

/// Runs `terminate`. None if it is through already.
fn terminate(
    member: &Arc<Member>,
    channel: Box<dyn AnyChannel>,
    reason: Reason,
) -> Option<BoxFuture<'static, ()>> {
    let cx = Context::new(Socket::new(member.clone()), Event::from(""), None);
    match Run::start(|| channel.terminate(reason, cx)) {
        Progress::Through(result) => {
            log_terminated(member, result);
            None
        }
        Progress::Waits(future) => Some(Box::pin(within_deadline(member.clone(), future))),
    }
}

/// Waits for a `terminate`, but not for ever: it keeps the channel, and its client may open others.
async fn within_deadline(member: Arc<Member>, future: Caught) {
    match tokio::time::timeout(TERMINATE, future).await {
        Ok(caught) => {
            log_terminated(&member, caught.map_err(|panic| Fault::from_panic(&*panic)));
        }
        Err(_) => log::channel_abandoned(member.whose()),
    }
}

/// There is nobody left to be told of a failure.
fn log_terminated(member: &Member, result: Result<Returned, Fault>) {
    let end = match result {
        Ok((_, reply)) => reply.into_parts().1,
        Err(fault) => Some(End::Fault(fault)),
    };
    if let Some(End::Fault(fault)) = end {
        log::channel_failed(member.whose(), "terminate", None, &fault);
    }
}
