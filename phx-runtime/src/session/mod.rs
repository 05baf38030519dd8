//! The session: one connection's joined channels, and the protocol between them and the client.
//!
//! It does no input or output of its own. Frames go in, frames come out through the connection's
//! outbox, and [`Session::poll`] lets callbacks that take time go on. Channels are state in here,
//! not tasks. Each handles its messages one after the other; none waits for another.
//!
//! ```text
//!   frames of the client      letters: broadcasts to intercept,     futures that are ready
//!          │                  messages of the application                   │
//!          │ receive                  │ handle_message                      │ poll
//!          ▼                          ▼                                     ▼
//!   ┌─ Session ──────────────────────────────────────────────────────────────────────────┐
//!   │   slots: topic ─► Slot { member, stage, queue }                                    │
//!   │   core:  routes, mount, connection, what runs, how much waits                      │
//!   └────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The stages of a slot, whose channel is handed by value from one to the next:
//!
//! ```text
//!                      work        a callback that waits
//!   join ──► Joining ──► Idle ────────────────────────────► Running
//!              │         │  ▲                                │   │
//!              │ refused │  └────────────────────────────────┘   │ fails or stops with an error
//!              │         │               returns                 ▼
//!              │         │ leave, stop, join again            Failing
//!              ▼         ▼                                       │ `terminate` is through
//!            (the slot is gone, and the topic is free) ◄─────────┘ `phx_error`
//! ```
//!
//! A channel that was left, stopped or replaced has lost its slot when its `terminate` begins; if
//! that takes time, it counts as leaving until it ends. Whatever waited for a channel that is gone
//! finds the topic as it is then: a join opens it again, all else is refused.

mod channels;
mod dispatcher;
mod dispatching;
mod ending;
mod joining;
mod rates;
mod refusals;
mod running;
mod slot;
mod slots;
mod turns;
mod waiting;

pub(crate) use self::channels::Channels;
pub use self::dispatcher::Dispatcher;
use self::{
    rates::Rates,
    refusals::Refusals,
    running::{Done, Failed, Running},
    slot::{Fate, Opening, Slot},
    slots::Slots,
    turns::Core,
    waiting::{Queue, Waiting, Work},
};

use std::{future::poll_fn, sync::Arc, task::Poll};

use crate::{
    channel::{Member, Routes, SessionMessage, SessionShared, ToChannels},
    connect::MountSettings,
    connection::Connection,
    endpoint::{Disconnect, Endpoint},
    log,
    message::{Info, Payload, Reason, Topic},
    pubsub::{Broadcast, Subscribed},
    serializer::{ClientMessage, Codec, DecodeErrorKind, Message, MessageRef, Outgoing},
    transport::{Dispatched, Flow, Handled, TransportKind},
    wire::{CloseCode, Frame},
};

/// Bytes that the topic and the refs of a join may have, each. A channel keeps them, so a client
/// could otherwise make the server hold its largest message once for each channel.
const NAME_LIMIT: usize = 8 * 1024;

/// A client that was let in, whose connection is not there yet.
pub(crate) struct Accepted {
    pub(super) routes: Arc<dyn Routes>,
    pub(super) endpoint: Endpoint,
    pub(super) mount: Arc<MountSettings>,
    pub(super) codec: Codec,
    pub(super) tells_refusals: bool,
    pub(super) transport: TransportKind,
    pub(super) id: Option<Topic>,
    /// Listens for a `disconnect` of that id. Boxed, because many connections have none.
    pub(super) disconnect: Option<Box<Subscribed<Disconnect>>>,
}

pub(crate) struct Session {
    slots: Slots,
    core: Core,
    /// Listens for a `disconnect` of the connection's id.
    disconnect: Option<Box<Subscribed<Disconnect>>>,
    /// Why the whole connection ends.
    ending: Option<Box<Reason>>,
    /// Boxed, because most connections have none.
    rates: Option<Box<Rates>>,
}

impl Accepted {
    pub(super) fn start(&mut self, connection: &Connection) -> Session {
        let disconnect = self.disconnect.take();
        if let Some(disconnect) = &disconnect {
            disconnect.subscriber().attach(connection);
        }
        let shared = SessionShared {
            connection: connection.clone(),
            endpoint: self.endpoint.clone(),
            codec: self.codec.clone(),
            transport: self.transport,
            id: self.id.clone(),
        };
        let core = Core {
            shared: Arc::new(shared),
            routes: self.routes.clone(),
            mount: self.mount.clone(),
            running: Running::default(),
            waiting: Waiting::default(),
            refusals: Refusals::told(self.tells_refusals),
        };
        let rates = Rates::of(&self.mount);
        Session { slots: Slots::default(), core, disconnect, ending: None, rates }
    }
}

impl Session {
    /// The socket's name.
    pub(super) fn name(&self) -> &'static str {
        self.core.routes.socket()
    }

    pub(super) fn id(&self) -> Option<&Topic> {
        self.core.shared.id.as_ref()
    }

    /// Whether more messages of the client are welcome. While they are not, some callback runs and
    /// wakes the connection's task when it is through, or a topic's passes do.
    pub(super) fn is_ready(&self) -> bool {
        self.core.waiting.has_room(self.core.mount.max_queue)
            && !self.core.shared.connection.is_held()
    }

    /// A frame from the client.
    pub(super) fn receive(&mut self, frame: Frame) -> Handled<'_> {
        let bytes = frame.len();
        match self.core.shared.codec.decode(frame) {
            Ok(message) if self.core.refusals.are_told => Handled::later(async move {
                match self.dispatch(message, bytes).await {
                    Dispatched::Refused(_) => Flow::Refused,
                    _ => Flow::Continue,
                }
            }),
            Ok(message) => {
                self.route(message, bytes);
                Flow::Continue.into()
            }
            Err(error) => {
                log::malformed_message(&error, self.id(), self.core.routes.socket());
                let code = match error.kind() {
                    DecodeErrorKind::Unsupported => CloseCode::UNSUPPORTED,
                    _ => CloseCode::INTERNAL,
                };
                Flow::Malformed(code).into()
            }
        }
    }

    /// A message that the connection was notified of.
    pub(super) fn handle_message(&mut self, message: Info) {
        let message = match message.take::<SessionMessage>() {
            Ok(message) => message,
            Err(other) => return self.hand_out(other),
        };
        let (member, work) = match message {
            SessionMessage::Info(member, info) => (member, Work::Info(info)),
            SessionMessage::Out(member, broadcast) => (member, Work::Out(broadcast)),
            SessionMessage::Failed(member) => (member, Work::Failed),
        };
        let Some(member) = member.upgrade() else { return };
        self.with_slot(&member, |core, slot| core.offer(slot, work, 0));
    }

    /// A message that is not the session's own: for its channels, or for nobody.
    fn hand_out(&mut self, message: Info) {
        let mut message = match message.take::<ToChannels>() {
            Ok(message) => message,
            Err(other) => return self.push_to_owner(other),
        };
        let mut members = Vec::new();
        self.slots.for_each(|slot| {
            if message.is_for(&slot.member.topic) && slot.has_joined() {
                members.push(slot.member.clone());
            }
        });
        for member in members {
            let Some(info) = message.next() else { return };
            self.with_slot(&member, |core, slot| core.offer(slot, Work::Info(info), 0));
        }
    }

    /// A message for whom the connection belongs to, or for nobody.
    fn push_to_owner(&self, message: Info) {
        let message = match message.take::<Broadcast>() {
            Ok(message) => message,
            Err(other) => return log::unheard_info(other.type_name(), self.name()),
        };
        let shared = &self.core.shared;
        if let Some(frame) = message.frame(shared.form()) {
            shared.connection.send_encoded(frame, None);
        }
    }

    /// Lets running callbacks go on.
    pub(super) fn poll(&mut self, task: &mut std::task::Context<'_>) {
        while let Some(done) = self.core.running.poll_next(task) {
            self.finish(done);
        }
    }

    /// Whether channels are left that were not told of the end.
    pub(super) fn has_channels(&self) -> bool {
        self.ending.is_none() && (self.slots.len() > 0 || !self.core.running.is_empty())
    }

    /// No broadcast comes in any more, and nothing goes out.
    pub(super) fn leave_topics(&mut self) {
        self.slots.for_each(|slot| slot.member.close());
    }

    /// Nothing begins any more.
    pub(super) fn end(&mut self, reason: Reason) {
        self.disconnect = None;
        self.ending = Some(Box::new(reason));
    }

    /// Ends all channels. Nothing that they still send reaches the client.
    pub(super) async fn terminate(&mut self, reason: Reason) {
        self.end(reason.clone());
        self.core.running.cancel_joins();
        for mut slot in std::mem::take(&mut self.slots).into_list() {
            slot.member.close();
            // A busy channel is told when its callback returns it.
            if let Some(channel) = slot.take_idle() {
                self.core.let_go(slot.member, channel, reason.clone());
            }
        }
        poll_fn(|task| {
            self.poll(task);
            if self.core.running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// A message of the client, whose frame had so many bytes.
    fn route(&mut self, message: Message, bytes: usize) {
        let kind = message.kind();
        match kind {
            ClientMessage::Heartbeat => {
                self.core.shared.send_own(&Outgoing::heartbeat(message.reference.as_ref()));
                return;
            }
            ClientMessage::Limits => {
                let limits = self.core.mount.limits(self.core.shared.transport);
                let limits = Payload::of_value(&limits);
                self.core.answer(message.join_ref.as_ref(), &message, "ok", &limits);
                return;
            }
            ClientMessage::Join if has_long_names(&message) => {
                let socket = self.core.routes.socket();
                log::names_too_long(NAME_LIMIT, self.id(), socket);
                let why = "topic or ref too long";
                self.core.refuse(message.join_ref.as_ref(), &message, why);
                return;
            }
            ClientMessage::Join | ClientMessage::Leave | ClientMessage::Event => {}
        }
        let slot = self.slots.get_mut(&message.topic);
        if kind == ClientMessage::Event {
            let channel = slot.as_ref().map(|slot| &slot.member.kind);
            let taken = Rates::take(&mut self.rates, &self.core.mount, channel, &message.event);
            if let Err((wait, limit)) = taken {
                log::rate_limited(limit, &message.topic, self.id(), self.core.routes.socket());
                self.core.refuse_for(&message, wait);
                return;
            }
        }
        let Some(slot) = slot else {
            self.open(Some(message.into()), Queue::default());
            return;
        };
        let fate = self.core.offer(slot, Work::Client(message), bytes);
        match self.core.work_off(slot, fate) {
            Fate::Stays => {}
            over => {
                let topic = slot.member.topic.clone();
                self.settle(&topic, over);
            }
        }
    }

    /// A turn for the slot of a channel, unless that has lost it.
    fn with_slot(&mut self, member: &Arc<Member>, turn: impl FnOnce(&mut Core, &mut Slot) -> Fate) {
        let slot = self.slots.get_mut(&member.topic);
        let Some(slot) = slot.filter(|slot| Arc::ptr_eq(&slot.member, member)) else { return };
        let fate = turn(&mut self.core, slot);
        let fate = self.core.work_off(slot, fate);
        self.settle(&member.topic, fate);
    }

    /// Something that ran is through.
    fn finish(&mut self, done: Done) {
        match done {
            Done::Join(member, pending, result) => self.with_slot(&member, |core, slot| {
                if core.joined(slot, pending, result) { Fate::Stays } else { Fate::Gone }
            }),
            Done::Call(member, call, result) => match (self.ending.clone(), result) {
                (None, result) => {
                    self.with_slot(&member, |core, slot| core.returned(slot, call, result));
                }
                (Some(reason), Ok((channel, _))) => self.core.let_go(member, channel, *reason),
                (Some(_), Err(fault)) => Failed::of(&call).log(&member, &fault),
            },
            Done::Failing(member) => self.with_slot(&member, |_, slot| Core::crashed(slot)),
            Done::Leaving(member) => member.close(),
        }
    }

    /// Takes a slot out whose channel is over, and lets what waits find the topic so.
    fn settle(&mut self, topic: &Topic, fate: Fate) {
        if let Fate::Stays = fate {
            return;
        }
        let Some(slot) = self.slots.remove(topic) else { return };
        let (next, queue) = self.core.left_by(slot, fate);
        self.open(next, queue);
    }

    /// Answers messages for a topic without a channel, one after the other, until one of them joins
    /// it: that channel gets the rest.
    fn open(&mut self, first: Option<Opening>, mut behind: Queue) {
        let mut next = first;
        while let Some(Opening { message, replaced }) = next.take() {
            if message.kind() != ClientMessage::Join {
                self.core.answer_unjoined(&message);
            } else if let Some(mut slot) = self.core.join(message, replaced, self.slots.len()) {
                self.core.waiting.hand_over(behind, &mut slot.queue);
                match self.core.work_off(&mut slot, Fate::Stays) {
                    Fate::Stays => {
                        self.slots.add(slot);
                        return;
                    }
                    over => (next, behind) = self.core.left_by(slot, over),
                }
                continue;
            }
            next = self.core.waiting.pop_message(&mut behind).map(Opening::from);
        }
    }
}

impl Drop for Session {
    /// A task that is dropped before its end leaves no channel behind in its topic.
    fn drop(&mut self) {
        self.leave_topics();
    }
}

fn has_long_names(message: &Message) -> bool {
    let refs = [&message.join_ref, &message.reference].into_iter().flatten();
    let mut names = refs.map(MessageRef::as_json).chain([&*message.topic]);
    names.any(|name| name.len() > NAME_LIMIT)
}

#[cfg(test)]
mod tests;
