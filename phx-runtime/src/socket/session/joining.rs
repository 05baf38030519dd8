//! Joining a topic, for the first time or again.

use std::{collections::VecDeque, sync::Arc, time::Instant};

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
    pub(super) fn join(&mut self, message: Incoming, replaced: Option<Arc<Member>>) {
        let topic = Topic::from(&*message.topic);
        let started = Instant::now();
        let payload = message.payload.clone();
        let Some((kind, join)) = self.routes.join(&topic, payload, &self.shared.endpoint) else {
            telemetry::unmatched_topic(&topic);
            self.refuse(None, &message, "unmatched topic");
            return;
        };
        if self.channels.len() >= self.mount.max_channels {
            telemetry::too_many_channels(self.mount.max_channels, self.shared.id.as_ref());
            self.refuse(message.join_ref.as_ref(), &message, "too many channels joined");
            return;
        }
        let params = telemetry::wants_join(&kind).then_some(message.payload);
        let member = Arc::new(Member::new(
            topic.clone(),
            message.join_ref,
            message.reference.clone(),
            self.shared.clone(),
            kind.intercepts,
        ));
        let state = Box::new(Join { reference: message.reference, replaced, started, params });
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
        let endpoint = self.shared.endpoint.clone();
        let Some(slot) = self.slot_of(member) else { return };
        let State::Joining(join) = std::mem::replace(&mut slot.state, State::Busy) else { return };
        let Join { reference, replaced, started, params } = *join;
        let reference = reference.as_ref();
        let accepted = result.and_then(|joined| {
            match member.reply_to_join(reference, "ok", &joined.response) {
                Ok(()) => Ok(joined),
                Err(error) => Err(Fault::from(error).into()),
            }
        });
        telemetry::joined(&slot.kind, &endpoint, member, started, params, accepted.is_ok());
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
            Refused::UnmatchedTopic => reason("unmatched topic"),
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
        tracing::debug!(%topic, "a duplicate join replaces the channel");
        old.member.close();
        if let State::Idle(channel) = old.state {
            self.start_terminate(&old.member, channel, Reason::Replaced);
        }
        self.join(message, Some(old.member));
        match self.channels.get_mut(topic) {
            Some(slot) => {
                slot.queue.extend(old.queue.into_iter().filter(is_from_client));
                self.pump(topic);
            }
            None => self.reroute(old.queue),
        }
    }
}

fn is_from_client(work: &Work) -> bool {
    matches!(work, Work::In(_))
}
