//! Joining a topic, for the first time or again.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Session, reason,
    running::start_join,
    slot::{Join, Slot, State, Work},
};
use crate::{
    channel::{Info, JoinError, JoinedAny, Member, Reason, Refused, Topic},
    error::Fault,
    serializer::{Incoming, MessageRef},
    telemetry,
};

impl Session {
    pub(super) fn join(&mut self, mut message: Incoming, replaced: Option<Arc<Member>>) {
        let topic = Topic::from(&*message.topic);
        let limit = self.mount.max_channels;
        // Looked at first, so that nothing of a join runs that could not be accepted.
        if self.channels.len() >= limit && self.routes.serves(&topic) {
            let id = self.shared.id.as_ref();
            telemetry::too_many_channels(limit, id, &topic, self.routes.socket());
            self.refuse(message.join_ref.as_ref(), &message, "too many channels joined");
            return;
        }
        let payload = message.payload.take();
        let started = self.routes.join(&topic, payload, &self.shared.endpoint);
        let Some((kind, log, join)) = started else {
            telemetry::unmatched_topic(&topic, self.routes.socket());
            self.refuse(None, &message, "unmatched topic");
            return;
        };
        let member = Arc::new(Member::new(
            topic.clone(),
            message.join_ref,
            message.reference.clone(),
            self.shared.clone(),
            kind.intercepts,
        ));
        let state = Box::new(Join { reference: message.reference, replaced, log });
        let slot = Slot {
            member: member.clone(),
            kind,
            state: State::Joining(state),
            queue: VecDeque::new(),
        };
        self.channels.insert(topic, Box::new(slot));
        match start_join(&member, join) {
            Ok(ran) => {
                self.finish(&member, ran);
                self.pump(&member.topic);
            }
            Err(running) => self.running.push(running),
        }
    }

    pub(super) fn finish_join(
        &mut self,
        member: &Arc<Member>,
        result: Result<JoinedAny, JoinError>,
    ) {
        let (mount, endpoint) = (self.mount.clone(), self.shared.endpoint.clone());
        let Some(slot) = self.slot_of(member) else { return };
        let State::Joining(join) = std::mem::replace(&mut slot.state, State::Busy) else { return };
        let Join { reference, replaced, log } = *join;
        let reference = reference.as_ref();
        let accepted = result.and_then(|joined| {
            match member.reply_to_join(reference, "ok", &joined.response) {
                Ok(()) => Ok(joined),
                Err(error) => Err(Fault::from(error).into()),
            }
        });
        let refused = accepted.as_ref().is_err_and(JoinError::is_answer);
        if let Some(log) = log.filter(|_| accepted.is_ok() || refused) {
            log.decided(&slot.kind, &mount, &endpoint, &member.topic, !refused);
        }
        match accepted {
            Ok(joined) => {
                slot.state = State::Idle(joined.channel);
                for message in joined.then.into_iter().rev() {
                    slot.queue.push_front(Work::Info(Info(message)));
                }
                if let Some(replaced) = replaced {
                    replaced.send_ended("phx_close", b"{}");
                }
                member.subscribe();
            }
            Err(error) => {
                self.refuse_join(member, reference, error);
                if let Some(replaced) = replaced {
                    replaced.send_ended("phx_close", b"{}");
                }
                member.close();
                self.remove(member);
            }
        }
    }

    pub(super) fn refuse_join(
        &self,
        member: &Arc<Member>,
        reference: Option<&MessageRef>,
        error: JoinError,
    ) {
        let response = match error.into_refused() {
            Refused::Answer(response) => response,
            Refused::UnmatchedTopic => {
                telemetry::unmatched_topic(&member.topic, self.routes.socket());
                reason("unmatched topic")
            }
            Refused::Fault(fault) => {
                telemetry::join_crashed(&member.topic, &fault);
                reason("join crashed")
            }
        };
        if member.reply_to_join(reference, "error", &response).is_err() {
            // A binary refusal for a client of version 1.
            let crashed = reason("join crashed");
            let _ = member.reply_to_join(reference, "error", &crashed);
        }
    }

    /// The client joins a topic again: the old channel goes without a word, the new one takes over
    /// what waits behind the join.
    pub(super) fn replace(&mut self, topic: &Topic, message: Incoming) {
        let Some(old) = self.channels.remove(topic) else { return };
        telemetry::duplicate_join(topic, self.routes.socket());
        old.member.close();
        if let State::Idle(channel) = old.state {
            self.start_terminate(&old.member, channel, Reason::Replaced);
        }
        self.join(message, Some(old.member));
        match self.channels.get_mut(topic) {
            // Whoever had this join worked off goes on with the queue.
            Some(slot) => slot.queue.extend(old.queue.into_iter().filter(is_from_client)),
            None => self.reroute(old.queue),
        }
    }
}

fn is_from_client(work: &Work) -> bool {
    matches!(work, Work::In(_))
}
