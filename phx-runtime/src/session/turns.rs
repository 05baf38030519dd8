//! The turns of a channel: what it is given to do, and what it answers.

use std::{sync::Arc, time::Duration};

use super::{
    refusals::Refusals,
    running::{Call, Failed, Running},
    slot::{Fate, Opening, Slot},
    waiting::{Queue, TooMuch, Waiting, Work},
};
use crate::{
    channel::{
        Answer, AnyChannel, Context, End, Member, NotCalled, Progress, Reply, Returned, Routes,
        Run, SessionShared, Socket,
    },
    connect::MountSettings,
    log::{Dropped, FilterParameters, dropped},
    message::{Event, Fault, Payload},
    serializer::{ClientMessage, Message, MessageRef, Outgoing},
};

/// A session without its slots, so that one of them can be changed beside it.
pub(super) struct Core {
    pub(super) shared: Arc<SessionShared>,
    pub(super) routes: Arc<dyn Routes>,
    pub(super) mount: Arc<MountSettings>,
    pub(super) running: Running,
    pub(super) waiting: Waiting,
    pub(super) refusals: Refusals,
}

impl Core {
    /// Gives a slot work of `bytes`: at once if its channel has time, else behind what waits.
    pub(super) fn offer(&mut self, slot: &mut Slot, work: Work, bytes: usize) -> Fate {
        if let Some(channel) = slot.take_idle() {
            return self.turn(slot, channel, work);
        }
        if let Err(TooMuch) = self.waiting.push(&mut slot.queue, work, bytes) {
            self.shared.connection.overflow();
        }
        Fate::Stays
    }

    /// Works off what waits for a slot after a turn, until its channel is busy or over. This is the
    /// only place where it is done, in a loop: how much there is, the client chooses.
    pub(super) fn work_off(&mut self, slot: &mut Slot, after: Fate) -> Fate {
        let mut fate = after;
        while let Fate::Stays = fate {
            let Some(channel) = slot.take_idle() else { break };
            fate = match self.waiting.pop(&mut slot.queue) {
                Some(work) => self.turn(slot, channel, work),
                None => return slot.rest(channel),
            };
        }
        fate
    }

    /// One turn of a channel.
    fn turn(&mut self, slot: &mut Slot, channel: Box<dyn AnyChannel>, work: Work) -> Fate {
        match work {
            Work::Client(message) => match message.kind() {
                ClientMessage::Join => self.replace(slot, channel, message),
                _ if is_for_an_earlier_join(&message, &slot.member) => {
                    let whose = slot.member.whose();
                    dropped(Dropped::EarlierJoin, whose, Some(&message.event));
                    slot.rest(channel)
                }
                ClientMessage::Leave => self.leave(slot, channel, message.reference.as_ref()),
                ClientMessage::Event | ClientMessage::Heartbeat | ClientMessage::Limits => {
                    self.event(slot, channel, message)
                }
            },
            Work::Out(broadcast) => {
                let event = broadcast.event().clone();
                self.call(slot, Call::Out(event.clone()), |socket| {
                    channel.handle_out(broadcast.payload(), Context::new(socket, event, None))
                })
            }
            Work::Info(info) => self.call(slot, Call::Info, |socket| {
                channel.handle_info(info, Context::new(socket, Event::from(""), None))
            }),
            Work::Failed => match slot.member.take_fault() {
                Some(fault) => self.fail(slot, channel, &Failed::SENDING, &fault),
                None => slot.rest(channel),
            },
        }
    }

    /// The client's message goes to `#[handle_in]`.
    fn event(&mut self, slot: &mut Slot, channel: Box<dyn AnyChannel>, message: Message) -> Fate {
        let (kind, id) = (&slot.member.kind, self.shared.id.as_ref());
        let log = kind.handle_in_line(&message, id, self.filter());
        let Message { reference, event, payload, .. } = message;
        let event = Event::named(event);
        self.call(slot, Call::In(event.clone(), reference.clone(), log), |socket| {
            channel.handle_in(payload, Context::new(socket, event, reference))
        })
    }

    /// Runs a callback, which `handle` hands the channel to.
    fn call(&mut self, slot: &mut Slot, call: Call, handle: impl FnOnce(Socket) -> Run) -> Fate {
        let socket = Socket::new(slot.member.clone());
        match Run::start(|| handle(socket)) {
            Progress::Through(result) => self.returned(slot, call, result),
            Progress::Waits(future) => {
                self.running.call(slot.member.clone(), call, future);
                Fate::Stays
            }
        }
    }

    /// A callback is through.
    pub(super) fn returned(
        &mut self,
        slot: &mut Slot,
        mut call: Call,
        result: Result<Returned, Fault>,
    ) -> Fate {
        match result {
            Ok((channel, reply)) => match answer(&slot.member, &mut call, reply) {
                None => slot.rest(channel),
                Some(End::Stop(reason)) => self.stop(slot, channel, reason),
                Some(End::Fault(fault)) => self.fail(slot, channel, &Failed::of(&call), &fault),
            },
            Err(fault) => {
                Failed::of(&call).log(&slot.member, &fault);
                Self::crashed(slot)
            }
        }
    }

    /// What is left of a slot whose channel is over: the next message for its topic, and the others.
    pub(super) fn left_by(&mut self, slot: Slot, fate: Fate) -> (Option<Opening>, Queue) {
        let Slot { member, mut queue, .. } = slot;
        let next = match fate {
            Fate::Rejoined(message) => Some(Opening { message, replaced: Some(member) }),
            Fate::Stays | Fate::Gone => self.waiting.pop_message(&mut queue).map(Opening::from),
        };
        (next, queue)
    }

    /// Answers a message, not a join, for a topic that is not joined.
    pub(super) fn answer_unjoined(&mut self, message: &Message) {
        if message.kind() == ClientMessage::Leave {
            self.answer(message.join_ref.as_ref(), message, "ok", &Payload::empty_object());
        } else {
            self.refuse(None, message, "unmatched topic");
        }
    }

    /// Which parameters lines hide, unless a channel says it itself.
    pub(super) fn filter(&self) -> &FilterParameters {
        self.shared.endpoint.filter_parameters(self.mount.filter_parameters.as_ref())
    }

    /// Answers a message that no channel answers.
    pub(super) fn refuse(&mut self, join_ref: Option<&MessageRef>, message: &Message, why: &str) {
        let response = reason(why);
        self.refusals.add(&message.topic, &response);
        self.answer(join_ref, message, "error", &response);
    }

    /// Answers a message that comes too early with how long to wait.
    pub(super) fn refuse_for(&self, message: &Message, wait: Duration) {
        if message.reference.is_none() {
            return;
        }
        // Whoever waits for so many whole milliseconds has waited long enough.
        let wait = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let response = serde_json::json!({ "reason": "rate limited", "retry_after_ms": wait });
        self.answer(message.join_ref.as_ref(), message, "error", &Payload::of_value(&response));
    }

    pub(super) fn answer(
        &self,
        join_ref: Option<&MessageRef>,
        message: &Message,
        status: &str,
        response: &Payload,
    ) {
        let Message { reference, topic, .. } = message;
        let reply = Outgoing::reply(topic, reference.as_ref(), status, response);
        self.shared.send_own(&reply.with_join_ref(join_ref));
    }
}

/// A message that names another join than the channel's is late. One without a `join_ref` is not.
fn is_for_an_earlier_join(message: &Message, member: &Member) -> bool {
    message.join_ref.is_some() && message.join_ref.as_ref() != member.stated_join_ref()
}

/// Sends what a callback answered, and tells how the channel ends, if it does.
fn answer(member: &Member, call: &mut Call, reply: Reply) -> Option<End> {
    let (answer, end) = reply.into_parts();
    // It failed where it pushed or broadcast, so it never got to its reply.
    let end = match member.take_fault() {
        Some(fault) => Some(End::Fault(fault)),
        None => answer.and_then(|answer| reply_to(member, call, &answer)).map(End::Fault).or(end),
    };
    // An event whose handler failed was not handled; that has a line of its own.
    if let (Call::In(_, _, log), None | Some(End::Stop(_))) = (call, &end)
        && let Some(log) = log.take()
    {
        log.handled();
    }
    end
}

/// Sends an answer to who asked, or drops it.
fn reply_to(member: &Member, call: &Call, answer: &Answer) -> Option<Fault> {
    let Answer { status, response, stands_in } = answer;
    let (event, why) = match (call, stands_in) {
        // What a handler itself answers goes out even without a ref, as in Phoenix.
        (Call::In(_, reference, _), _) if reference.is_some() || stands_in.is_none() => {
            return member.reply(reference.as_ref(), status, response).err().map(Fault::from);
        }
        (Call::Out(event), Some(NotCalled::Payload(error))) => {
            (Some(event.as_str()), Dropped::InvalidBroadcast(error))
        }
        (Call::Out(event) | Call::In(event, ..), _) => {
            (Some(event.as_str()), Dropped::UnaskedReply)
        }
        (Call::Info, _) => (None, Dropped::UnaskedReply),
    };
    dropped(why, member.whose(), event);
    None
}

/// `{"reason": why}`
pub(super) fn reason(why: &str) -> Payload {
    Payload::of_value(&serde_json::json!({ "reason": why }))
}
