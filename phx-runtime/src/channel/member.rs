//! A channel's place in its topic, and what the channel has sent to itself.

use std::{
    any::Any,
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;

use super::{kind::ChannelKind, shared::SessionShared};
use crate::{
    log::Whose,
    message::{EncodeError, Fault, Info, Payload, Topic},
    pubsub::{Broadcast, Pass, Place, Subscriber},
    serializer::{ChannelEnd, MessageRef, Outgoing},
};

/// One client in one topic: what its channel's handles share, and what its topic's broadcasts are
/// delivered to.
///
/// # Who holds whom
///
/// No circle is closed by what stays, so that a connection is gone with its last holder:
///
/// - A member holds its session's shared part; that holds the connection and the endpoint. Handles
///   (`Socket`, `ReplyRef`), the session's slot and each running callback hold the
///   member.
/// - A connection holds its letters (`Mailbox`). They hold their member weakly,
///   and of the application whatever it put into them, handles too: therefore a mailbox is emptied
///   at the connection's end and takes nothing afterwards.
/// - The endpoint holds the topics, a topic (`Room`) its subscribers: the members of open channels,
///   `Foreign` ones, the one that listens for the connection's id. That is a circle on purpose, as
///   who is subscribed must be found; whatever subscribed leaves where its session ends or is
///   dropped. What a channel subscribed to or tracks besides (`ends`) belongs to the member and is
///   dropped with it; it holds the member weakly (`Foreign`) or not at all (presence).
/// - A connection that is corked holds the passes that it has put off (`before_flush`), and they
///   their topic. Its end runs them.
/// - A timer (`notify_after`) holds the member weakly.
pub(crate) struct Member {
    pub(crate) topic: Topic,
    /// What replies and pushes carry: the join's `join_ref`, or its ref where that was null.
    pub(crate) join_ref: Option<MessageRef>,
    /// Whether that is the join's own `join_ref`.
    states_join_ref: bool,
    pub(crate) session: Arc<SessionShared>,
    pub(crate) kind: Arc<ChannelKind>,
    /// Whether pushes and replies still go out.
    open: AtomicBool,
    /// Whether broadcasts are still delivered.
    subscribed: AtomicBool,
    place: Place,
    /// Boxed, because most channels have none of it.
    rare: Mutex<Option<Box<Rare>>>,
}

#[derive(Default)]
struct Rare {
    /// What went wrong in a call that cannot return an error; ends the channel.
    fault: Option<Fault>,
    ends: Ends,
}

/// What ends with a channel, by being dropped, once no broadcast is delivered to it any more:
/// subscriptions to other topics, presences, timers.
pub(crate) type Ends = Vec<Box<dyn Ending>>;

/// Something that ends with a channel.
pub(crate) trait Ending: Any + Send {
    /// The client has left the topic by its own will, so that it does not come back at once.
    fn left(&mut self) {}
}

/// What a session sends to itself through its connection. Who is gone until it is read needs it no
/// more; a letter that kept its member would keep the connection, which keeps the letter.
pub(crate) enum SessionMessage {
    /// For `#[handle_info]`.
    Info(Weak<Member>, Info),
    /// For `#[handle_out]`.
    Out(Weak<Member>, Broadcast),
    /// The channel failed outside of a callback.
    Failed(Weak<Member>),
}

impl Member {
    pub(crate) fn new(
        topic: Topic,
        join_ref: Option<MessageRef>,
        reference: Option<MessageRef>,
        session: Arc<SessionShared>,
        kind: Arc<ChannelKind>,
    ) -> Self {
        Self {
            topic,
            states_join_ref: join_ref.is_some(),
            join_ref: join_ref.or(reference),
            session,
            kind,
            open: AtomicBool::new(true),
            subscribed: AtomicBool::new(false),
            place: Place::default(),
            rare: Mutex::default(),
        }
    }

    /// The `join_ref` that the client gave, which its later messages are matched with.
    pub(crate) fn stated_join_ref(&self) -> Option<&MessageRef> {
        self.join_ref.as_ref().filter(|_| self.states_join_ref)
    }

    /// What lines about this channel say.
    pub(crate) fn whose(&self) -> Whose<'_> {
        Whose { channel: self.kind.name, topic: &self.topic, id: self.session.id.as_ref() }
    }

    /// Whether pushes and replies still go out.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Gives access to what ends with the channel, unless the channel has ended. No one else has
    /// access meanwhile, and the channel does not end.
    pub(super) fn with_ends<T>(&self, use_them: impl FnOnce(&mut Ends) -> T) -> Option<T> {
        let mut rare = self.rare.lock();
        self.is_open().then(|| use_them(&mut rare.get_or_insert_default().ends))
    }

    /// Takes out some of what ends with the channel, to be dropped by the caller.
    pub(super) fn take_ends(&self, which: impl FnMut(&mut Box<dyn Ending>) -> bool) -> Ends {
        let mut rare = self.rare.lock();
        rare.as_mut().map_or_else(Ends::new, |rare| rare.ends.extract_if(.., which).collect())
    }

    /// Ends the channel with `phx_error` once the running callback is through.
    pub(super) fn fail(self: &Arc<Self>, fault: Fault) {
        let mut rare = self.rare.lock();
        let first = &mut rare.get_or_insert_default().fault;
        if first.is_none() {
            *first = Some(fault);
            drop(rare);
            // Outside of a callback, nobody else makes the session look.
            self.session.connection.notify(SessionMessage::Failed(Arc::downgrade(self)));
        }
    }

    pub(super) fn send(&self, message: &Outgoing<'_>) -> Result<(), EncodeError> {
        self.session.send(Some(&self.open), message)
    }

    /// Answers a message of this channel.
    pub(crate) fn reply(
        &self,
        reference: Option<&MessageRef>,
        status: &str,
        response: &Payload,
    ) -> Result<(), EncodeError> {
        let (join_ref, topic) = (self.join_ref.as_ref(), &self.topic);
        let reply = Outgoing::reply(topic, reference, status, response);
        self.send(&reply.with_join_ref(join_ref))
    }

    /// Answers the join itself, which carries the `join_ref` as it was given.
    pub(crate) fn reply_to_join(
        &self,
        reference: Option<&MessageRef>,
        status: &str,
        response: &Payload,
    ) -> Result<(), EncodeError> {
        let (join_ref, topic) = (self.stated_join_ref(), &self.topic);
        let reply = Outgoing::reply(topic, reference, status, response);
        self.send(&reply.with_join_ref(join_ref))
    }

    /// Tells the client that the channel is over, once it can send nothing itself any more.
    pub(crate) fn send_closed(&self) {
        self.send_end(ChannelEnd::Closed);
    }

    /// Tells the client that the channel is over whose topic it has joined anew.
    pub(crate) fn send_replaced(&self) {
        self.send_end(ChannelEnd::Replaced);
    }

    /// Tells the client that the channel failed.
    pub(crate) fn send_crashed(&self) {
        self.send_end(ChannelEnd::Failed);
    }

    /// Sends what the channel itself has no part in.
    fn send_end(&self, end: ChannelEnd) {
        let (stated, joined_with) = (self.stated_join_ref(), self.join_ref.as_ref());
        self.session.send_own(&Outgoing::ended(stated, joined_with, &self.topic, end));
    }

    pub(crate) fn subscribe(self: &Arc<Self>) {
        self.subscribed.store(true, Ordering::Relaxed);
        self.session.endpoint.pubsub().subscribe(&self.topic, self.clone());
    }

    /// No broadcast is delivered any more.
    pub(crate) fn unsubscribe(&self) {
        if self.subscribed.swap(false, Ordering::Relaxed) {
            self.session.endpoint.pubsub().unsubscribe(&self.topic, self);
        }
        // Dropped after the lock is released.
        let ended = self.rare.lock().as_mut().map(|rare| std::mem::take(&mut rare.ends));
        drop(ended);
    }

    /// The client leaves: as [`unsubscribe`](Self::unsubscribe), and what might wait for the client
    /// to come back does not.
    pub(crate) fn leave(&self) {
        if let Some(rare) = &mut *self.rare.lock() {
            rare.ends.iter_mut().for_each(|end| end.left());
        }
        self.unsubscribe();
    }

    /// Nothing that the channel sends goes out any more.
    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
        self.unsubscribe();
    }

    pub(crate) fn take_fault(&self) -> Option<Fault> {
        self.rare.lock().as_mut()?.fault.take()
    }

    /// Delivers one message: to `#[handle_out]` if it is intercepted, else straight to the client.
    pub(super) fn deliver_one(self: &Arc<Self>, broadcast: &Broadcast) {
        if self.kind.intercepts.contains(&broadcast.event().as_str()) {
            let message = SessionMessage::Out(Arc::downgrade(self), broadcast.clone());
            self.session.connection.notify(message);
        } else if let Some(frame) = broadcast.frame(self.session.form()) {
            self.session.connection.send_encoded(frame, Some(&self.subscribed));
        }
    }
}

impl Subscriber for Member {
    /// Intercepted messages come after the others of their pass: the channel may hear of them before
    /// this returns, and what it pushes then must not overtake what was broadcast before.
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        let (connection, form) = (&self.session.connection, self.session.form());
        let cut = pass.cut(self.kind.intercepts);
        let has_own = pass.has_author(&self.place);
        let is_foreign = |message: &&Broadcast| !(has_own && message.is_from(&self.place));
        if first == 0 && !has_own {
            connection.send_encoded(pass.frames(cut, form), Some(&self.subscribed));
        } else {
            let plain = pass.plain(cut, first).filter(is_foreign);
            let frames = plain.filter_map(|message| message.frame(form));
            connection.send_all_encoded(frames, Some(&self.subscribed));
        }
        let intercepted = pass.intercepted(cut, first).filter(is_foreign);
        connection.notify_all(
            intercepted.map(|message| {
                Info::new(SessionMessage::Out(Arc::downgrade(&self), message.clone()))
            }),
        );
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("topic", &self.topic)
            .field("join_ref", &self.join_ref)
            .finish_non_exhaustive()
    }
}
