//! The ways in which a channel ends.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Session,
    running::{Call, start_call},
    slot::{Slot, State, Work},
};
use crate::{
    channel::{
        AnyChannel, Context, Encoded, End, Event, Member, NotCalled, Reason, Reply, Socket, Topic,
    },
    error::Fault,
    serializer::Incoming,
    telemetry::{self, Dropped, dropped},
};

impl Session {
    pub(super) fn leave(&mut self, topic: &Topic, message: &Incoming) {
        let Some(slot) = self.channels.remove(topic) else { return };
        let Slot { member, state, queue, .. } = *slot;
        member.unsubscribe();
        // `{}` can always be encoded.
        let _ = member.reply(message.reference.as_ref(), "ok", &Encoded::empty_object());
        member.send_ended("phx_close", b"{}");
        if let State::Idle(channel) = state {
            self.start_terminate(&member, channel, Reason::Left);
        }
        self.reroute(queue);
    }

    pub(super) fn finish_call(
        &mut self,
        member: &Arc<Member>,
        call: Call,
        channel: Box<dyn AnyChannel>,
        reply: Reply,
    ) {
        let ending = self.ending.clone();
        let Some(slot) = self.slot_of(member) else {
            // It was replaced while it was busy, or the connection is over.
            self.start_terminate(member, channel, ending.unwrap_or(Reason::Replaced));
            return;
        };
        let (mut answer, mut end) = reply.into_parts();
        if let Some(fault) = member.take_fault() {
            // The handler failed where it pushed or broadcast, so it never got to its reply.
            answer = None;
            end = Some(End::Fault(fault));
        }
        let (asked, log, broadcast) = match call {
            Call::In(reference, log) => (Some(reference), log, None),
            Call::Out(event) => (None, None, Some(event)),
            Call::Info | Call::Terminate(_) => (None, None, None),
        };
        match (answer, asked) {
            (None, _) => {}
            // What a handler answers goes out even without a ref, as in Phoenix.
            (Some(answer), Some(reference))
                if reference.is_some() || answer.stands_in.is_none() =>
            {
                let sent = member.reply(reference.as_ref(), &answer.status, &answer.response);
                if let Err(error) = sent {
                    end = Some(End::Fault(error.into()));
                }
            }
            (Some(answer), _) => {
                let why = match (&broadcast, &answer.stands_in) {
                    (Some(_), Some(NotCalled::Payload(error))) => Dropped::InvalidBroadcast(error),
                    _ => Dropped::UnaskedReply,
                };
                dropped(why, &member.topic, broadcast.as_deref());
            }
        }
        // An event whose handler failed was not handled; that has a line of its own.
        if let Some(log) = log.filter(|_| !matches!(end, Some(End::Fault(_)))) {
            log.handled();
        }
        match end {
            None => slot.state = State::Idle(channel),
            Some(End::Stop(reason)) => self.stop(member, channel, reason),
            Some(End::Fault(fault)) => {
                let reason = self.failed(member, &fault);
                self.stop(member, channel, reason);
            }
        }
    }

    pub(super) fn check_fault(&mut self, topic: &Topic) {
        let Some(slot) = self.channels.get_mut(topic) else { return };
        let Some(fault) = slot.member.take_fault() else { return };
        let member = slot.member.clone();
        if let State::Idle(channel) = std::mem::replace(&mut slot.state, State::Busy) {
            let reason = self.failed(&member, &fault);
            self.stop(&member, channel, reason);
        }
    }

    pub(super) fn failed(&self, member: &Member, fault: &Fault) -> Reason {
        telemetry::channel_failed(&member.topic, self.shared.id.as_ref(), fault);
        Reason::failed(fault)
    }

    /// A callback ended its channel. A graceful end is announced before `terminate` runs, an error
    /// after it, as in Phoenix.
    pub(super) fn stop(
        &mut self,
        member: &Arc<Member>,
        channel: Box<dyn AnyChannel>,
        reason: Reason,
    ) {
        member.unsubscribe();
        if !reason.is_graceful() {
            self.start_terminate(member, channel, reason);
            return;
        }
        member.send_ended("phx_close", b"{}");
        let queue = self.channels.remove(&member.topic).map(|slot| slot.queue);
        self.start_terminate(member, channel, reason);
        self.reroute(queue.unwrap_or_default());
    }

    pub(super) fn start_terminate(
        &mut self,
        member: &Arc<Member>,
        channel: Box<dyn AnyChannel>,
        reason: Reason,
    ) {
        let call = Call::Terminate(reason.clone());
        let cx = Context::new(Socket::new(member.clone()), Event::from(""), None);
        match start_call(member, call, || channel.terminate(reason, cx)) {
            Ok(ran) => self.finish(member, ran),
            Err(running) => self.running.push(running),
        }
    }

    pub(super) fn finish_terminate(&mut self, member: &Arc<Member>, reason: &Reason) {
        // Whoever was replaced or left, or whose connection is over, has no slot any more.
        if self.slot_of(member).is_some() && !reason.is_graceful() {
            member.send_ended("phx_error", br#"{"reason":"channel_crash"}"#);
        }
        member.close();
        self.remove(member);
    }

    pub(super) fn remove(&mut self, member: &Arc<Member>) {
        if self.slot_of(member).is_some() {
            let slot = self.channels.remove(&member.topic);
            self.reroute(slot.map(|slot| slot.queue).unwrap_or_default());
        }
    }

    /// What waited for a channel that is gone finds the topic as it is now.
    pub(super) fn reroute(&mut self, queue: VecDeque<Work>) {
        for work in queue {
            if let Work::In(message) = work {
                self.queued -= 1;
                self.route(message);
            }
        }
    }
}
