//! A channel's handle to its client and its topic.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::{
    foreign::Foreign,
    kind::ChannelKind,
    member::{Ending, Ends, Member, SessionMessage},
    options::ChannelOptions,
    shared::SessionShared,
};
use crate::{
    connection::Connection,
    endpoint::Endpoint,
    log::Whose,
    message::{
        EncodeError, EventName, Fault, Info, Payload, Reason, ToPayload, Topic, TopicName,
        TypedEvent, written,
    },
    opaque::Opaque,
    pubsub::{Broadcast, Pace, Subscribed, Subscriber},
    serializer::{Codec, MessageRef, Outgoing, Version},
    transport::TransportKind,
    wire::CloseCode,
};

/// The handle of a joined channel: to push to its client, to broadcast on its topic, to send
/// messages to the channel itself. Cheap to clone, usable from any task.
///
/// After the channel has ended, nothing that is sent through the handle reaches the client.
///
/// ```
/// use phx_runtime::{Socket, json};
///
/// fn greet(socket: &Socket) {
///     socket.push("welcome", json!({ "topic": &**socket.topic() }));
///     socket.broadcast_from("joined", json!({}));
/// }
/// # greet(&phx_runtime::testing::socket("room:lobby"));
/// ```
#[derive(Clone)]
pub struct Socket(Opaque<Member>);

impl Socket {
    pub(crate) fn new(member: Arc<Member>) -> Self {
        Self(member.into())
    }

    pub(crate) fn downgrade(&self) -> Weak<Member> {
        Arc::downgrade(&self.0.shared())
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        &self.0.topic
    }

    /// The id of the connection, as its `#[id]` gave it.
    pub fn id(&self) -> Option<&Topic> {
        self.0.session.id.as_ref()
    }

    /// The connection's transport.
    pub fn transport(&self) -> TransportKind {
        self.0.session.transport
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.session.endpoint
    }

    /// The `join_ref` that the client knows the channel by, as JSON text.
    pub fn join_ref(&self) -> Option<&str> {
        self.0.join_ref.as_ref().map(MessageRef::as_json)
    }

    /// Whether the channel has not ended yet, so that what is sent may still reach the client.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Pushes an event to this client alone, after what was pushed before.
    ///
    /// It neither waits for the client nor tells whether the event arrives. A payload that cannot be
    /// sent (see [`EncodeError`]) ends the channel with `phx_error` after the running callback;
    /// [`try_push`](Self::try_push) returns the error instead.
    ///
    /// Phoenix counterpart: `push/3`.
    pub fn push(&self, event: impl EventName, payload: impl ToPayload) {
        if let Err(error) = self.try_push(event, payload) {
            self.fail(error.into());
        }
    }

    /// Pushes as [`push`](Self::push) does, if the payload can be encoded.
    ///
    /// # Errors
    ///
    /// It cannot; then nothing is sent, and the channel goes on.
    pub fn try_push(
        &self,
        event: impl EventName,
        payload: impl ToPayload,
    ) -> Result<(), EncodeError> {
        let member = &*self.0;
        written(&payload, |kind, bytes| {
            let (join_ref, event) = (member.join_ref.as_ref(), event.as_ref());
            member.send(&Outgoing::pushed(join_ref, &member.topic, event, kind, bytes))
        })
    }

    /// Waits until there is room for more: until less than half of `max_backlog` waits for the client,
    /// or the connection is over.
    ///
    /// A callback that sends much in pieces, and waits before each, needs no more memory than for
    /// one piece and that half, however slowly the client reads. What it sends without waiting is
    /// delivered too, but waits in memory meanwhile.
    ///
    /// ```
    /// use phx_runtime::prelude::*;
    ///
    /// struct Export;
    ///
    /// #[channel("export:*")]
    /// impl Export {
    ///     #[join]
    ///     fn join() -> Result<Self, JoinError> {
    ///         Ok(Self)
    ///     }
    ///
    ///     #[handle_in("rows")]
    ///     async fn rows(&self, _: Payload, socket: &Socket) -> Reply {
    ///         for page in 0..1000 {
    ///             socket.room().await;
    ///             socket.push("page", json!({ "page": page, "rows": [/* … */] }));
    ///         }
    ///         Reply::ack()
    ///     }
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub fn room(&self) -> impl Future<Output = ()> + Send + use<> {
        self.connection().room()
    }

    /// Broadcasts an event to everyone who joined the topic, this client included.
    ///
    /// This client's own copy is sent at once, before the reply of the running handler, unless the
    /// channel intercepts the event. A payload that cannot be sent ends the channel, as with
    /// [`push`](Self::push).
    ///
    /// Phoenix counterpart: `broadcast!/3`.
    pub fn broadcast(&self, event: impl EventName, payload: impl ToPayload) {
        if let Some(broadcast) = self.make_and_tell_others(event.as_ref(), &payload) {
            self.0.shared().deliver_one(&broadcast);
            self.publish(broadcast);
        }
    }

    /// Broadcasts an event to everyone who joined the topic except this channel. Another connection
    /// of the same user gets it.
    ///
    /// Phoenix counterpart: `broadcast_from!/3`.
    pub fn broadcast_from(&self, event: impl EventName, payload: impl ToPayload) {
        if let Some(broadcast) = self.make_and_tell_others(event.as_ref(), &payload) {
            self.publish(broadcast);
        }
    }

    /// Pushes a typed event to this client alone; otherwise as [`push`](Self::push).
    ///
    /// A channel that lists what it sends, in `sends(..)`, fails with what it does not list.
    pub fn push_event<E: TypedEvent>(&self, event: E) {
        if self.sends::<E>() {
            self.push(E::NAME, event);
        }
    }

    /// Broadcasts a typed event to everyone who joined the topic; otherwise as
    /// [`broadcast`](Self::broadcast).
    ///
    /// A channel that lists what it sends, in `sends(..)`, fails with what it does not list.
    pub fn broadcast_event<E: TypedEvent>(&self, event: E) {
        if self.sends::<E>() {
            self.broadcast(E::NAME, event);
        }
    }

    /// Broadcasts a typed event to everyone who joined the topic except this channel; otherwise as
    /// [`broadcast_from`](Self::broadcast_from).
    ///
    /// A channel that lists what it sends, in `sends(..)`, fails with what it does not list.
    pub fn broadcast_event_from<E: TypedEvent>(&self, event: E) {
        if self.sends::<E>() {
            self.broadcast_from(E::NAME, event);
        }
    }

    /// Whether the channel may send the event, which fails if not.
    fn sends<E: TypedEvent>(&self) -> bool {
        let listed = self.0.kind.lists(E::NAME);
        if !listed {
            let (channel, event) = (self.0.kind.name, E::NAME);
            self.fail(Fault::new(format_args!(
                "`{channel}` sends {event:?} and does not list it in `sends(..)`"
            )));
        }
        listed
    }

    fn publish(&self, broadcast: Broadcast) {
        let pace = Pace::BeforeFlushOf(self.connection());
        self.endpoint().pubsub().publish(broadcast, pace);
    }

    /// The broadcast, which the other nodes have been told of.
    fn make_and_tell_others(&self, event: &str, payload: &impl ToPayload) -> Option<Broadcast> {
        let member = &*self.0;
        let made = payload.to_payload().and_then(|payload| {
            let place = Some(member.place());
            let broadcast = Broadcast::new(member.topic.clone(), event, &payload, place)?;
            self.endpoint().pubsub().tell_others(&broadcast)?;
            Ok(broadcast)
        });
        made.map_err(|error| self.fail(error.into())).ok()
    }

    /// Closes the whole connection, after what was sent before: all its channels end as
    /// [`Reason::Shutdown`].
    ///
    /// Phoenix counterpart: `Phoenix.Socket.Handler.terminate/1` of version 0.5.
    pub fn close_connection(&self, code: CloseCode) {
        self.0.session.connection.close(code, Reason::Shutdown);
    }

    /// Sends a message to this channel's `#[handle_info]`, from any task. Messages to a channel or a
    /// connection that has ended are dropped.
    ///
    /// ```
    /// use phx_runtime::Socket;
    ///
    /// struct Rendered(String);
    ///
    /// fn render(socket: &Socket) {
    ///     let socket = socket.clone();
    ///     tokio::spawn(async move { socket.notify(Rendered("a picture".to_owned())) });
    /// }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// #     render(&phx_runtime::testing::socket("room:lobby"));
    /// # });
    /// ```
    ///
    /// 16,384 messages may wait for a connection. With one more the connection is closed with code 1013:
    /// it does not get to handle them.
    ///
    /// Phoenix counterpart: `send(channel_pid, message)`.
    pub fn notify(&self, message: impl Any + Send) {
        if !self.is_open() {
            return;
        }
        let message = SessionMessage::Info(self.downgrade(), Info::new(message));
        self.0.session.connection.notify(message);
    }

    /// Sends a message to this channel's `#[handle_info]` after a delay, unless the [`Timer`] is cancelled
    /// before. When the channel ends before, the message is dropped at once.
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime.
    ///
    /// Phoenix counterpart: `Process.send_after(self(), message, delay)`.
    pub fn notify_after(&self, delay: Duration, message: impl Any + Send) -> Timer {
        let Some(mut ended) = self.with_ends(Timers::subscribe) else { return Timer(None) };
        let member = self.downgrade();
        let timer = tokio::spawn(async move {
            let over = tokio::time::timeout(delay, ended.changed()).await;
            if let (Err(_), Some(member)) = (over, member.upgrade()) {
                Self::new(member).notify(message);
            }
        });
        Timer(Some(timer.abort_handle()))
    }

    /// Sends a message to this channel's `#[handle_info]` again and again, the first one after one
    /// `period`, until the channel ends or the [`Timer`] is cancelled. A channel that is behind gets no
    /// two at once: the next one comes a whole period after the last.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use phx_runtime::prelude::*;
    ///
    /// struct Tick;
    ///
    /// struct Clock {
    ///     left: u32,
    /// }
    ///
    /// #[channel("clock:*")]
    /// impl Clock {
    ///     #[join]
    ///     fn join() -> Result<Joined<Self>, JoinError> {
    ///         Ok(Joined::new(Self { left: 10 }).then(Start))
    ///     }
    ///
    ///     #[handle_info]
    ///     fn start(&self, _: Start, socket: &Socket) {
    ///         socket.notify_every(Duration::from_secs(1), || Tick);
    ///     }
    ///
    ///     #[handle_info]
    ///     fn tick(&mut self, _: Tick, socket: &Socket) -> Next {
    ///         self.left -= 1;
    ///         socket.push("tick", self.left);
    ///         if self.left == 0 { Next::Stop(Reason::Normal) } else { Next::Continue }
    ///     }
    /// }
    /// # struct Start;
    /// ```
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime, and if the period is zero.
    ///
    /// Phoenix counterpart: `:timer.send_interval(interval, message)`.
    pub fn notify_every<M: Any + Send>(
        &self,
        period: Duration,
        mut message: impl FnMut() -> M + Send + 'static,
    ) -> Timer {
        let mut periods = interval_at(Instant::now() + period, period);
        periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let Some(mut ended) = self.with_ends(Timers::subscribe) else { return Timer(None) };
        let member = self.downgrade();
        let timer = tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    _ = ended.changed() => return,
                    _ = periods.tick() => {}
                }
                let Some(member) = member.upgrade() else { return };
                Self::new(member).notify(message());
            }
        });
        Timer(Some(timer.abort_handle()))
    }

    /// Subscribes the channel to another topic, until it ends: each broadcast there arrives as a
    /// [`Broadcast`] in `#[handle_info]`. Subscribing twice delivers twice. They count as messages that
    /// wait, see [`notify`](Self::notify).
    ///
    /// Phoenix counterpart: `Endpoint.subscribe/2` inside a channel.
    pub fn subscribe(&self, topic: impl TopicName) {
        let (topic, pubsub) = (topic.into(), self.endpoint().pubsub());
        let foreign = Arc::new(Foreign::new(self.downgrade()));
        self.with_ends(|ends| ends.push(Box::new(Subscribed::new(pubsub, topic, foreign))));
    }

    /// Ends all subscriptions of the channel to another topic. Broadcasts that are under way may
    /// still arrive.
    ///
    /// Phoenix counterpart: `Endpoint.unsubscribe/1` inside a channel.
    pub fn unsubscribe(&self, topic: impl AsRef<str>) {
        let is_to_end = |end: &mut Box<dyn Ending>| {
            let subscribed = (&**end as &dyn Any).downcast_ref::<Subscribed<Foreign>>();
            subscribed.is_some_and(|subscribed| *subscribed.topic() == *topic.as_ref())
        };
        drop(self.0.take_ends(is_to_end));
    }

    /// Gives access to what ends with the channel, unless the channel has ended. No one else has
    /// access meanwhile, and the channel does not end.
    pub(crate) fn with_ends<T>(&self, use_them: impl FnOnce(&mut Ends) -> T) -> Option<T> {
        self.0.with_ends(use_them)
    }

    /// Ends the channel with `phx_error` once the running callback is through.
    pub(crate) fn fail(&self, fault: Fault) {
        self.0.shared().fail(fault);
    }

    pub(crate) fn reply(&self, reference: &MessageRef, status: &str, response: &Payload) {
        if let Err(error) = self.0.reply(Some(reference), status, response) {
            self.fail(error.into());
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A message that is still to come, of [`Socket::notify_after`] or [`Socket::notify_every`]. It comes whether
/// this is kept or not.
#[derive(Clone, Debug)]
pub struct Timer(Option<AbortHandle>);

impl Timer {
    /// Sends no more. A message that is under way already still arrives.
    pub fn cancel(&self) {
        if let Some(timer) = &self.0 {
            timer.abort();
        }
    }
}

/// Ends a channel's timers by being dropped, which each of them waits for.
struct Timers(watch::Sender<()>);

impl Ending for Timers {}

impl Timers {
    /// What a new timer waits for besides its time.
    fn subscribe(ends: &mut Ends) -> watch::Receiver<()> {
        if let Some(Self(timers)) = ends.iter().find_map(|end| (&**end as &dyn Any).downcast_ref())
        {
            return timers.subscribe();
        }
        let (timers, first) = watch::channel(());
        ends.push(Box::new(Self(timers)));
        first
    }
}

/// A handle without a client, for tests of single callbacks; what is pushed stays in the outbox.
pub(crate) fn detached(topic: Topic, endpoint: Endpoint) -> Socket {
    let connection = Connection::new(usize::MAX);
    // There is no task that would handle what is notified.
    connection.close_mailbox(Reason::Closed);
    let session = Arc::new(SessionShared {
        connection,
        endpoint,
        codec: Codec::Version(Version::V2),
        transport: TransportKind::Custom("test"),
        id: None,
    });
    let join_ref = Some(MessageRef::from_str("1"));
    let (name, options) = ("test", ChannelOptions::new());
    let kind = Arc::new(ChannelKind { name, intercepts: &[], sends: &[], options });
    Socket::new(Arc::new(Member::new(topic, join_ref, None, session, kind)))
}

impl Socket {
    pub(crate) fn whose(&self) -> Whose<'_> {
        self.0.whose()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.0.session.connection
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::detached;
    use crate::endpoint::Endpoint;

    #[tokio::test(start_paused = true)]
    async fn a_timer_keeps_neither_its_message_nor_its_channel_beyond_the_channels_end() {
        const LONG: Duration = Duration::from_hours(100 * 24);
        let endpoint = Endpoint::builder().build().unwrap();
        let held = Arc::new(());
        for closed in [true, false] {
            let socket = detached("room:a".into(), endpoint.clone());
            for _ in 0..100 {
                socket.notify_after(LONG, held.clone());
            }
            tokio::task::yield_now().await;
            assert_eq!(Arc::strong_count(&held), 101);
            assert_eq!(Arc::strong_count(&socket.0.shared()), 2, "a timer keeps its channel");
            if closed {
                socket.0.close();
            } else {
                drop(socket);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(Arc::strong_count(&held), 1, "closed: {closed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_timer_drops_its_message() {
        let socket = detached("room:a".into(), Endpoint::builder().build().unwrap());
        let held = Arc::new(());
        let timer = socket.notify_after(Duration::from_secs(1), held.clone());
        let again = held.clone();
        let interval = socket.notify_every(Duration::from_secs(1), move || again.clone());
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 3);
        timer.cancel();
        interval.cancel();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn timers_that_have_gone_off_leave_nothing_behind() {
        let socket = detached("room:a".into(), Endpoint::builder().build().unwrap());
        for _ in 0..1000 {
            socket.notify_after(Duration::from_millis(1), ());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let ends = || socket.with_ends(|ends| ends.len());
        assert_eq!(ends(), Some(1));
        socket.0.close();
        socket.notify_after(Duration::from_millis(1), ());
        assert_eq!(ends(), None);
        assert_eq!(socket.0.take_ends(|_| true).len(), 0);
    }
}
