//! Joining a topic, for the first time or again.

use std::{
    sync::Arc,
    task::{self, Poll, Waker},
};

use futures_util::FutureExt;

use super::{
    running::PendingJoin,
    slot::{Slot, Stage},
    turns::{Core, reason},
};
use crate::{
    channel::{ChannelKind, JoinError, JoinedAny, Joining, Member, Refused},
    log::{self, JoinLine},
    message::{Fault, Topic},
    serializer::{Message, MessageRef},
};

impl Core {
    /// Starts the join of a topic that has no slot, beside `slots` others. If nothing comes of it,
    /// the client has been told.
    pub(super) fn join(
        &mut self,
        mut message: Message,
        replaced: Option<Arc<Member>>,
        slots: usize,
    ) -> Option<Slot> {
        let topic = self.shared.endpoint.pubsub().topic(&message.topic);
        let Some((kind, log, mut future)) = self.start_join(&topic, &mut message, slots) else {
            if let Some(replaced) = replaced {
                replaced.send_replaced();
            }
            return None;
        };
        let member = Arc::new(Member::new(
            topic,
            message.join_ref,
            message.reference.clone(),
            self.shared.clone(),
            kind,
        ));
        let mut slot = Slot::new(member);
        let pending = PendingJoin { reference: message.reference, replaced, log };
        // Most joins need no second poll. The set makes that one, with the task's own waker.
        match future.poll_unpin(&mut task::Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => self.joined(&mut slot, pending, result).then_some(slot),
            Poll::Pending => {
                self.running.join(slot.member.clone(), pending, future);
                Some(slot)
            }
        }
    }

    /// Finds the channel of a topic, and makes the future that decides on its join.
    fn start_join(
        &mut self,
        topic: &Topic,
        message: &mut Message,
        slots: usize,
    ) -> Option<(Arc<ChannelKind>, Option<JoinLine>, Joining)> {
        let limit = self.mount.max_channels;
        // Looked at first, so that nothing of a join runs that could not be accepted. A channel
        // counts until it has ended, or leaving and joining would start any number of `terminate`s.
        if slots + self.running.leaving_channels() >= limit && self.routes.serves(topic) {
            let id = self.shared.id.as_ref();
            log::too_many_channels(limit, id, topic, self.routes.socket());
            self.refuse(message.join_ref.as_ref(), message, "too many channels joined");
            return None;
        }
        let payload = message.payload.take();
        let started =
            self.routes.clone().join(topic, payload, &self.shared.endpoint, self.filter());
        if started.is_none() {
            log::unmatched_topic(topic, self.shared.id.as_ref(), self.routes.socket());
            self.refuse(None, message, "unmatched topic");
        }
        started
    }

    /// A join was decided. Tells whether there is a channel now.
    pub(super) fn joined(
        &mut self,
        slot: &mut Slot,
        pending: PendingJoin,
        result: Result<JoinedAny, JoinError>,
    ) -> bool {
        let PendingJoin { reference, replaced, log } = pending;
        let (member, reference) = (slot.member.clone(), reference.as_ref());
        let accepted = result.and_then(|joined| {
            match member.reply_to_join(reference, "ok", &joined.response) {
                Ok(()) => Ok(joined),
                Err(error) => Err(Fault::from(error).into()),
            }
        });
        let joined = match accepted {
            Ok(joined) => {
                if let Some(log) = log {
                    log.joined(member.whose(), self.routes.socket());
                }
                Some(joined)
            }
            Err(error) => {
                self.refuse_join(&member, reference, error, log);
                None
            }
        };
        // The client hears of the new channel first, whatever became of it.
        if let Some(replaced) = replaced {
            replaced.send_replaced();
        }
        let Some(JoinedAny { channel, then, .. }) = joined else {
            member.close();
            return false;
        };
        member.subscribe();
        self.waiting.push_first(&mut slot.queue, then.into_iter());
        slot.stage = Stage::Idle(channel);
        true
    }

    fn refuse_join(
        &mut self,
        member: &Member,
        reference: Option<&MessageRef>,
        error: JoinError,
        log: Option<JoinLine>,
    ) {
        let socket = self.routes.socket();
        let response = match error.into_refused() {
            Refused::Answer(response) => {
                if let Some(log) = log {
                    log.refused(member.whose(), socket, &response);
                }
                response
            }
            Refused::UnmatchedTopic => {
                log::unmatched_topic(&member.topic, self.shared.id.as_ref(), socket);
                reason("unmatched topic")
            }
            Refused::Fault(fault) => {
                log::join_failed(member.whose(), &fault);
                reason("join crashed")
            }
        };
        self.refusals.add(&member.topic, &response);
        if member.reply_to_join(reference, "error", &response).is_err() {
            // A binary refusal for a client of version 1.
            let crashed = reason("join crashed");
            let _ = member.reply_to_join(reference, "error", &crashed);
        }
    }
}
