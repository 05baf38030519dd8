//! The session: one connection's joined channels, and the protocol between them and the client.
//!
//! It does no input or output of its own. Frames go in, frames come out through the connection's
//! outbox, and [`Session::poll`] lets callbacks that take time go on. Channels are state in here,
//! not tasks. Each handles its messages one after the other; none waits for another.

mod ending;
mod joining;
mod running;
mod slot;

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    sync::Arc,
    task::Poll,
};

use self::{
    running::{Call, Ran, RunningSet, start_call},
    slot::{Slot, State, Work},
};
use crate::{
    channel::{
        AnyChannel, Context, Encoded, Event, Failed, Handling, Info, Member, Reason, Routes,
        SessionMessage, SessionShared, Socket, Topic,
    },
    endpoint::Endpoint,
    pubsub::{Pass, Place, Subscribed, Subscriber},
    serializer::{DecodeError, Incoming, MessageRef, Outgoing, Version},
    telemetry::{self, Dropped, Shown, dropped},
    transport::{CloseCode, Connection, Flow, Frame, TransportKind, settings::MountSettings},
};

/// Messages of the client that may wait for busy channels before no more are read.
const QUEUE_LIMIT: usize = 1000;

/// Bytes that the topic and the refs of a join may have, each. A channel keeps them, so a client
/// could otherwise make the server hold its largest message once for each channel.
const NAME_LIMIT: usize = 8 * 1024;

pub(super) struct Session {
    routes: Arc<dyn Routes>,
    mount: Arc<MountSettings>,
    shared: Arc<SessionShared>,
    /// Boxed, because a map has room for more than it holds.
    channels: HashMap<Topic, Box<Slot>>,
    running: RunningSet,
    /// How many messages of the client wait in the slots' queues.
    queued: usize,
    /// Listens for a `disconnect` of the connection's id.
    disconnect: Option<Subscribed<Disconnect>>,
    /// Why the whole connection ends.
    ending: Option<Reason>,
}

impl Session {
    pub(super) fn new(
        routes: Arc<dyn Routes>,
        endpoint: Endpoint,
        mount: Arc<MountSettings>,
        version: Version,
        transport: TransportKind,
        id: Option<Topic>,
    ) -> Self {
        // Replaced by the real connection in `start`; until then nothing is sent.
        let connection = Connection::new(0);
        Self {
            routes,
            mount,
            shared: Arc::new(SessionShared { connection, endpoint, version, transport, id }),
            channels: HashMap::new(),
            running: RunningSet::default(),
            queued: 0,
            disconnect: None,
            ending: None,
        }
    }

    pub(super) fn start(&mut self, connection: &Connection) {
        let SessionShared { endpoint, version, transport, id, .. } = &*self.shared;
        let shared = SessionShared {
            connection: connection.clone(),
            endpoint: endpoint.clone(),
            version: *version,
            transport: *transport,
            id: id.clone(),
        };
        self.shared = Arc::new(shared);
        if let Some(id) = &self.shared.id {
            let listener = Disconnect { connection: connection.clone(), place: Place::default() };
            let pubsub = self.shared.endpoint.pubsub();
            self.disconnect = Some(Subscribed::new(pubsub, id.clone(), Arc::new(listener)));
        }
    }

    pub(super) fn id(&self) -> Option<&Topic> {
        self.shared.id.as_ref()
    }

    /// Whether more messages of the client are welcome.
    pub(super) fn is_ready(&self) -> bool {
        self.queued < QUEUE_LIMIT
    }

    /// A frame from the client.
    pub(super) fn receive(&mut self, frame: &Frame) -> Flow {
        match self.shared.version.decode(frame) {
            Ok(message) => {
                self.route(message);
                Flow::Continue
            }
            Err(error) => {
                tracing::debug!(error = %Shown::text(&error), "a client sent what is no message");
                Flow::Malformed(match error {
                    DecodeError::BinaryInV1 => CloseCode::UNSUPPORTED,
                    _ => CloseCode::INTERNAL,
                })
            }
        }
    }

    /// A message that the connection was notified of.
    pub(super) fn handle_message(&mut self, message: Info) {
        let Ok(message) = message.take::<SessionMessage>() else { return };
        let (member, work) = match message {
            SessionMessage::Info(member, info) => (member, Work::Info(info)),
            SessionMessage::Out(member, broadcast) => (member, Work::Out(broadcast)),
        };
        let Some(member) = member.upgrade() else { return };
        if self.slot_of(&member).is_some() {
            self.give(&member.topic, work);
        }
    }

    /// Lets running callbacks go on.
    pub(super) fn poll(&mut self, task: &mut std::task::Context<'_>) {
        while let Some((member, ran)) = self.running.poll_next(task) {
            self.finish(&member, ran);
            self.pump(&member.topic);
        }
    }

    /// Ends all channels. Nothing that they still send reaches the client.
    pub(super) async fn terminate(&mut self, reason: Reason) {
        self.disconnect = None;
        self.ending = Some(reason.clone());
        self.running.cancel_joins();
        for (_, slot) in std::mem::take(&mut self.channels) {
            slot.member.close();
            // A busy channel is told when its callback returns it.
            if let State::Idle(channel) = slot.state {
                self.start_terminate(&slot.member, channel, reason.clone());
            }
        }
        poll_fn(|task| {
            self.poll(task);
            if self.running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The slot of a channel, unless it was replaced or has ended.
    fn slot_of(&mut self, member: &Arc<Member>) -> Option<&mut Slot> {
        let slot = &mut **self.channels.get_mut(&member.topic)?;
        Arc::ptr_eq(&slot.member, member).then_some(slot)
    }

    fn route(&mut self, message: Incoming) {
        if message.topic == "phoenix" && message.event == "heartbeat" {
            self.answer(None, &message, "ok", &Encoded::empty_object());
            return;
        }
        if message.event == "phx_join" && has_long_names(&message) {
            telemetry::names_too_long(NAME_LIMIT, self.shared.id.as_ref(), self.routes.socket());
            self.refuse(message.join_ref.as_ref(), &message, "topic or ref too long");
            return;
        }
        if let Some(slot) = self.channels.get_mut(&*message.topic) {
            let topic = slot.member.topic.clone();
            self.give(&topic, Work::In(message));
            return;
        }
        match &*message.event {
            "phx_join" => self.join(message, None),
            "phx_leave" => {
                let join_ref = message.join_ref.as_ref();
                self.answer(join_ref, &message, "ok", &Encoded::empty_object());
            }
            _ => self.refuse(None, &message, "unmatched topic"),
        }
    }

    /// Hands work to a channel, behind what waits for it.
    fn give(&mut self, topic: &Topic, work: Work) {
        let Some(slot) = self.channels.get_mut(topic) else { return };
        if matches!(slot.state, State::Idle(_)) && slot.queue.is_empty() {
            self.work_off(topic, work);
        } else {
            self.queued += usize::from(matches!(work, Work::In(_)));
            slot.queue.push_back(work);
        }
        self.pump(topic);
    }

    /// Works off what waits for a channel until it is busy.
    fn pump(&mut self, topic: &Topic) {
        while let Some(slot) = self.channels.get_mut(topic) {
            let State::Idle(_) = slot.state else { return };
            let Some(work) = slot.queue.pop_front() else {
                slot.queue = VecDeque::new();
                return;
            };
            self.queued -= usize::from(matches!(work, Work::In(_)));
            self.work_off(topic, work);
        }
    }

    /// Does one piece of work with a channel that is idle.
    fn work_off(&mut self, topic: &Topic, work: Work) {
        match work {
            Work::In(message) => self.channel_message(topic, message),
            Work::Out(broadcast) => {
                let event = broadcast.event().clone();
                self.call(topic, Call::Out(event.clone()), |channel, socket| {
                    channel.handle_out(broadcast.payload(), Context::new(socket, event, None))
                });
            }
            Work::Info(info) => match info.take::<Failed>() {
                Ok(Failed) => self.check_fault(topic),
                Err(info) => self.call(topic, Call::Info, |channel, socket| {
                    channel.handle_info(info, Context::new(socket, Event::from(""), None))
                }),
            },
        }
    }

    /// A message from the client for a channel that is idle.
    fn channel_message(&mut self, topic: &Topic, message: Incoming) {
        if message.event == "phx_join" {
            self.replace(topic, message);
            return;
        }
        let Some(slot) = self.channels.get(topic) else { return };
        if message.join_ref.is_some() && message.join_ref != slot.member.stated_join_ref {
            dropped(Dropped::EarlierJoin, topic, Some(&message.event));
            return;
        }
        if message.event == "phx_leave" {
            self.leave(topic, &message);
            return;
        }
        let endpoint = &self.shared.endpoint;
        let log = telemetry::HandleIn::new(&slot.kind, &self.mount, endpoint, &message);
        let Incoming { reference, event, payload, .. } = message;
        self.call(topic, Call::In(reference.clone(), log), |channel, socket| {
            let cx = Context::new(socket, Event::from(&*event), reference);
            channel.handle_in(payload, cx)
        });
    }

    /// Hands an idle channel to one of its callbacks.
    fn call(
        &mut self,
        topic: &Topic,
        call: Call,
        handle: impl FnOnce(Box<dyn AnyChannel>, Socket) -> Handling,
    ) {
        let Some(slot) = self.channels.get_mut(topic) else { return };
        let State::Idle(channel) = std::mem::replace(&mut slot.state, State::Busy) else { return };
        let member = slot.member.clone();
        let socket = Socket::new(member.clone());
        match start_call(&member, call, || handle(channel, socket)) {
            Ok(ran) => self.finish(&member, ran),
            Err(running) => self.running.push(running),
        }
    }

    fn finish(&mut self, member: &Arc<Member>, ran: Ran) {
        match ran {
            Ran::Joined(result) => self.finish_join(member, result),
            Ran::Returned(Call::Terminate(reason), _, _)
            | Ran::Lost(Call::Terminate(reason), _) => {
                self.finish_terminate(member, &reason);
            }
            Ran::Returned(call, channel, reply) => self.finish_call(member, call, channel, reply),
            Ran::Lost(_, fault) => {
                let reason = self.failed(member, &fault);
                member.unsubscribe();
                self.finish_terminate(member, &reason);
            }
        }
    }

    fn refuse(&self, join_ref: Option<&MessageRef>, message: &Incoming, why: &str) {
        self.answer(join_ref, message, "error", &reason(why));
    }

    fn answer(
        &self,
        join_ref: Option<&MessageRef>,
        message: &Incoming,
        status: &str,
        response: &Encoded,
    ) {
        let Incoming { reference, topic, .. } = message;
        let Encoded { kind, bytes } = response;
        let reply = Outgoing::reply(join_ref, reference.as_ref(), topic, status, *kind, bytes);
        let version = self.shared.version;
        // Only JSON is answered here, which both versions have.
        let _ = self.shared.connection.send_with(None, |buffer| version.encode(&reply, buffer));
    }
}

impl Drop for Session {
    /// A task that is dropped before its end leaves no channel behind in its topic.
    fn drop(&mut self) {
        for slot in self.channels.values() {
            slot.member.close();
        }
    }
}

fn has_long_names(message: &Incoming) -> bool {
    let refs = [&message.join_ref, &message.reference].into_iter().flatten();
    let mut names = refs.map(MessageRef::as_str).chain([&*message.topic]);
    names.any(|name| name.len() > NAME_LIMIT)
}

/// `{"reason": why}`
fn reason(why: &str) -> Encoded {
    Encoded::json(&serde_json::json!({ "reason": why }))
}

/// Closes the connection when its id is told to disconnect.
struct Disconnect {
    connection: Connection,
    place: Place,
}

impl Subscriber for Disconnect {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        if pass.messages()[first..].iter().any(|message| *message.event() == "disconnect") {
            self.connection.close(CloseCode::GOING_AWAY, Reason::Disconnected);
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
