//! The one loop that drives a socket over any transport: hands it what comes from the client and what
//! it is notified of, writes what it and others send, and keeps the deadlines whatever else is stuck.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::coop::{RestoreOnPending, poll_proceed},
    time::Instant,
};

use super::{
    contract::{Outcome, Received, Transport},
    deadline::Deadline,
    end::{End, Invalid},
    raw_socket::{Flow, Handled, HandledKind, RawSocket, guarded, terminate},
};
use crate::{
    connection::{Connection, Reader, Timeout},
    message::{Info, Reason},
    wire::{CloseCode, Control, Frame, deflate},
};

/// How long the last frames may take to reach a client whose connection ends.
const LINGER: Duration = Duration::from_secs(5);

/// Bytes worked on for one unit of the task's budget: reading, inflating and compressing them, and
/// handling what they are. The budget is 128 units, so that is the size of a turn in KiB.
const UNIT: usize = 1024;

/// Serves one connection from its beginning to its end, and says how it ended.
///
/// `connection` is the handle that the transport writes for; `entry` is dropped at the end.
///
/// The future is hardly larger than what an idle connection holds: a block uses where it is what an
/// `async fn` would move, and whatever is rare is boxed.
pub(crate) fn serve<T: Transport>(
    socket: Box<dyn RawSocket>,
    connection: Connection,
    transport: T,
    entry: impl Send,
) -> impl Future<Output = Reason> + Send {
    let mut served = Served { serving: Serving::new(transport, connection), socket: Some(socket) };
    async move {
        let connection = served.serving.connection.clone();
        let end = loop {
            let event = poll_fn(|task| served.poll_next(task)).await;
            let decided = {
                let (serving, decision) = served.handle(event, &connection);
                match decision {
                    Decision::Now(None) => continue,
                    Decision::Now(Some(end)) => break end,
                    Decision::Later(decision) => Box::pin(serving.decide(decision)),
                }
            };
            if let Some(end) = decided.await {
                break end;
            }
        };
        drop(connection);
        let reason = Box::pin(finish(&mut served, end)).await;
        drop(entry);
        reason
    }
}

/// Lets the socket clean up while the last frames leave.
async fn finish<T: Transport>(served: &mut Served<T>, end: End) -> Reason {
    // From here on it is told of its end, once.
    let Some(mut socket) = served.socket.take() else { return Reason::Lost };
    let serving = &mut served.serving;
    let connection = serving.connection.clone();
    end.log(&*socket, serving.transport.peer(&connection), &connection);
    let reason = end.announce(&connection);
    connection.close_mailbox(reason.clone());
    serving.transport.ended(&reason, &connection);
    let farewell = async {
        if matches!(end, End::Lost) {
            return;
        }
        let _ = tokio::time::timeout(LINGER, serving.farewell()).await;
        if connection.has_frames() {
            // What did not leave in that time is given up, so that the client still learns why.
            connection.skip_to_close();
            let _ = tokio::time::timeout(LINGER, serving.farewell()).await;
        }
    };
    futures_util::future::join(terminate(&mut *socket, reason.clone(), &connection), farewell)
        .await;
    connection.abandon();
    reason
}

/// A socket and what serves it. Dropped before its end, because the transport panicked or its task was
/// dropped, the socket cleans up in a task of its own.
struct Served<T> {
    serving: Serving<T>,
    /// None once something else sees to its end.
    socket: Option<Box<dyn RawSocket>>,
}

impl<T: Transport> Served<T> {
    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Event> {
        match &mut self.socket {
            Some(socket) => self.serving.poll_next(task, &mut **socket),
            None => Poll::Ready(Event::End(End::Lost)),
        }
    }

    /// Hands an event to the socket, and gives what may go on while that decides.
    fn handle<'a>(
        &'a mut self,
        event: Event,
        connection: &'a Connection,
    ) -> (&'a mut Serving<T>, Decision<'a>) {
        let Self { serving, socket } = self;
        let decision = match socket {
            Some(socket) => serving.handle(&mut **socket, event, connection),
            None => Decision::Now(Some(End::Lost)),
        };
        (serving, decision)
    }
}

impl<T> Drop for Served<T> {
    fn drop(&mut self) {
        let connection = self.serving.connection.clone();
        connection.abandon();
        let socket = self.socket.take().filter(|_| self.serving.phase != Phase::New);
        let Some(mut socket) = socket else { return };
        if let Ok(runtime) = Handle::try_current() {
            // A runtime that shuts down drops it at once.
            runtime.spawn(async move {
                terminate(&mut *socket, Reason::Lost, &connection).await;
            });
        }
    }
}

/// What the task of one connection holds besides its socket.
struct Serving<T> {
    transport: T,
    connection: Connection,
    letters: Letters,
    idle: Idle,
    /// For a client that reads too slowly.
    patience: Deadline,
    /// Bytes that were worked on and not paid for with turns.
    owed: usize,
    phase: Phase,
    /// Whether so much waits for the client that its own messages have to wait as well.
    is_held_back: bool,
    /// Whether what is handled is a message of the client.
    is_message: bool,
}

/// How far the task of a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The socket does not know its connection yet.
    New,
    /// What happens to the connection has to wake it.
    Asleep,
    /// The connection knows the task, which works: if it is woken meanwhile, it is polled again.
    Awake,
}

/// What happened next.
enum Event {
    /// The socket is to be told that its connection is there.
    Begin,
    Message(Frame),
    Control(Control),
    Info(Info),
    End(End),
}

impl Event {
    /// How many bytes there are to work on.
    fn len(&self) -> usize {
        match self {
            Self::Message(frame) => frame.len(),
            _ => 0,
        }
    }
}

/// Whether the connection ends, or the future that decides it.
enum Decision<'a> {
    Now(Option<End>),
    Later(Pin<Box<dyn Future<Output = Flow> + Send + 'a>>),
}

impl<T: Transport> Serving<T> {
    fn new(transport: T, connection: Connection) -> Self {
        let idle = Idle::new(transport.timeout());
        Self {
            transport,
            connection,
            letters: Letters::default(),
            idle,
            patience: Deadline::default(),
            owed: 0,
            phase: Phase::New,
            is_held_back: false,
            is_message: false,
        }
    }

    /// Hands an event to the socket.
    fn handle<'a>(
        &mut self,
        socket: &'a mut dyn RawSocket,
        event: Event,
        connection: &'a Connection,
    ) -> Decision<'a> {
        let worked_on = event.len();
        self.is_message = matches!(event, Event::Message(_));
        let handled = match event {
            Event::Begin => guarded("init", || socket.init(connection)),
            Event::Message(frame) => guarded("handle_in", || socket.handle_in(frame, connection)),
            Event::Control(control) => {
                guarded("handle_control", || socket.handle_control(control, connection))
            }
            Event::Info(message) => {
                guarded("handle_info", || socket.handle_info(message, connection))
            }
            Event::End(end) => return Decision::Now(Some(end)),
        };
        self.owed += worked_on + deflate::take_work();
        self.decision(handled)
    }

    fn decision<'a>(&mut self, handled: Option<Handled<'a>>) -> Decision<'a> {
        match handled.map(|handled| handled.0) {
            Some(HandledKind::Now(flow)) => Decision::Now(self.decided(Some(flow))),
            Some(HandledKind::Later(decision)) => Decision::Later(decision),
            None => Decision::Now(self.decided(None)),
        }
    }

    /// The end, if that was decided; a panic of the socket decides it too.
    fn decided(&mut self, flow: Option<Flow>) -> Option<End> {
        if std::mem::take(&mut self.is_message) {
            self.transport.handled(match flow {
                Some(Flow::Continue) => Outcome::Taken,
                Some(Flow::Malformed(_)) => Outcome::Malformed,
                Some(Flow::Refused) => Outcome::Refused,
                Some(Flow::Stop(_)) => Outcome::Stopped,
                None => Outcome::Panicked,
            });
            if matches!(flow, Some(Flow::Malformed(_))) && self.transport.answers_each_message() {
                return None;
            }
        }
        flow.map_or(Some(End::Panicked), End::decided)
    }

    /// Waits for a decision that takes time, and writes meanwhile. Gives the end, if there is one.
    async fn decide(
        &mut self,
        mut decision: Pin<Box<dyn Future<Output = Flow> + Send + '_>>,
    ) -> Option<End> {
        self.phase = Phase::Asleep;
        poll_fn(|task| {
            match guarded("Handled::later", || decision.as_mut().poll(task)) {
                Some(Poll::Ready(flow)) => return Poll::Ready(self.decided(Some(flow))),
                Some(Poll::Pending) => {}
                None => return Poll::Ready(self.decided(None)),
            }
            self.connection.register(task);
            if self.connection.is_ending() {
                return Poll::Ready(Some(End::Closing));
            }
            if let Poll::Ready(end) = self.poll_write(task) {
                return Poll::Ready(Some(end));
            }
            self.poll_gone(task).map(Some)
        })
        .await
    }

    fn poll_next(&mut self, task: &mut Context<'_>, socket: &mut dyn RawSocket) -> Poll<Event> {
        let was_woken = match self.phase {
            Phase::New => {
                self.phase = Phase::Asleep;
                return Poll::Ready(Event::Begin);
            }
            Phase::Asleep => {
                self.connection.register(task);
                true
            }
            Phase::Awake => false,
        };
        // What was compressed in this thread before is somebody else's.
        deflate::take_work();
        let event = self.poll_event(task, socket, was_woken);
        self.owed += deflate::take_work();
        self.phase = if event.is_ready() { Phase::Awake } else { Phase::Asleep };
        event
    }

    fn poll_event(
        &mut self,
        task: &mut Context<'_>,
        socket: &mut dyn RawSocket,
        mut was_woken: bool,
    ) -> Poll<Event> {
        if self.connection.is_ending() {
            return Poll::Ready(Event::End(End::Closing));
        }
        loop {
            // What waits is not let grow by what else there is to handle.
            if self.connection.is_behind()
                && let Poll::Ready(end) = self.poll_write(task)
            {
                return Poll::Ready(Event::End(end));
            }
            if self.letters.is_empty() && self.connection.has_messages() {
                self.letters = Letters::from(self.connection.take_messages());
                self.connection.cork();
            }
            let ready = self.is_ready_for(socket);
            if !self.letters.is_empty() || ready {
                let Poll::Ready(turn) = self.poll_turn(task) else {
                    // What this turn caused does not wait for the turns that follow.
                    let written = self.poll_write(task);
                    self.connection.cork();
                    return written.map(Event::End);
                };
                if let Some(message) = self.letters.next() {
                    turn.made_progress();
                    match message.take::<Timeout>() {
                        Ok(Timeout(timeout)) => self.idle.set(timeout),
                        Err(message) => return Poll::Ready(Event::Info(message)),
                    }
                    continue;
                }
                if let Some(received) = self.transport.received(&self.connection) {
                    turn.made_progress();
                    match self.taken(received) {
                        Some(event) => return Poll::Ready(event),
                        None => continue,
                    }
                }
            }
            // It was most often a message that woke the task, and then nothing else is to be done first.
            if std::mem::take(&mut was_woken)
                && ready
                && let Poll::Ready(received) = self.transport.poll_receive(task, &self.connection)
            {
                match self.received(received) {
                    Some(event) => return Poll::Ready(event),
                    None => continue,
                }
            }
            // What callbacks send that finish now leaves in one write below; a join's reply not before
            // its channel is subscribed, so that its client misses no broadcast made after it.
            self.connection.cork();
            match guarded("poll", || socket.poll(task, &self.connection)) {
                Some(Poll::Pending | Poll::Ready(Flow::Continue | Flow::Refused)) => {}
                Some(Poll::Ready(Flow::Stop(code) | Flow::Malformed(code))) => {
                    return Poll::Ready(Event::End(End::Stopped(code)));
                }
                None => return Poll::Ready(Event::End(End::Panicked)),
            }
            if let Poll::Ready(end) = self.poll_write(task) {
                return Poll::Ready(Event::End(end));
            }
            if !ready {
                if self.is_ready_for(socket) {
                    continue;
                }
                return self.poll_gone(task).map(Event::End);
            }
            let Poll::Ready(received) = self.transport.poll_receive(task, &self.connection) else {
                return self.poll_silence(task).map(Event::End);
            };
            if let Some(event) = self.received(received) {
                return Poll::Ready(event);
            }
        }
    }

    /// What is to be done with what the client sent just now. The answers to it leave in one write.
    fn received(&mut self, received: Received) -> Option<Event> {
        self.idle.heard();
        self.connection.cork();
        if !matches!(received, Received::Bytes(_)) {
            // What comes whole was not paid for with a turn.
            self.owed += UNIT;
        }
        self.taken(received)
    }

    /// Whether messages of the client are handled now.
    fn is_ready_for(&self, socket: &dyn RawSocket) -> bool {
        !self.is_held_back && socket.is_ready()
    }

    /// Waits for the connection's turn. Thousands of letters may wait, one read may bring as many
    /// messages, and one message may inflate to a thousand times its size: they share the task's
    /// budget by the work they make, so that whoever has much to do takes turns with the other
    /// connections of this thread.
    fn poll_turn(&mut self, task: &mut Context<'_>) -> Poll<RestoreOnPending> {
        while self.owed >= UNIT {
            ready!(poll_proceed(task)).made_progress();
            self.owed -= UNIT;
        }
        poll_proceed(task)
    }

    /// What is to be done with what came; nothing while a message is incomplete.
    fn taken(&mut self, received: Received) -> Option<Event> {
        Some(match received {
            Received::Message(frame) => Event::Message(frame),
            Received::Control(control) => Event::Control(control),
            Received::Bytes(count) => {
                self.owed += count;
                return None;
            }
            Received::Closed { code, text } => Event::End(End::closed_by_client(code, text)),
            Received::Lost => Event::End(End::Lost),
            Received::Invalid { code, why } => {
                Event::End(End::Invalid(Box::new(Invalid { code, why })))
            }
        })
    }

    /// Finds out that the client has gone while its messages are not handled. A client whose
    /// heartbeats cannot be read for as long as the timeout has given up by itself.
    fn poll_gone(&mut self, task: &mut Context<'_>) -> Poll<End> {
        while let Poll::Ready(received) = self.transport.poll_gone(task, &self.connection) {
            if let Received::Bytes(_) = received {
                self.idle.heard();
            }
            match self.taken(received) {
                Some(Event::End(end)) => return Poll::Ready(end),
                // Nobody may be asked now, and a transport that goes on like this gets no turn back.
                Some(_) => return Poll::Ready(End::Lost),
                None => {}
            }
        }
        self.poll_silence(task)
    }

    /// Waits until the client has said nothing for too long.
    fn poll_silence(&mut self, task: &mut Context<'_>) -> Poll<End> {
        ready!(self.idle.poll_expired(task));
        self.connection.close(CloseCode::PROTOCOL, Reason::Inactive);
        Poll::Ready(End::Closing)
    }

    /// Writes, and sees to it that the client reads.
    fn poll_write(&mut self, task: &mut Context<'_>) -> Poll<End> {
        match self.transport.poll_send(task, &self.connection) {
            Poll::Ready(Ok(())) => {
                self.is_held_back = false;
                self.patience.clear();
                return Poll::Pending;
            }
            Poll::Ready(Err(_)) => return Poll::Ready(End::Lost),
            Poll::Pending => {}
        }
        loop {
            match self.connection.look() {
                Reader::KeepsUp => {
                    self.is_held_back = false;
                    self.patience.clear();
                    return Poll::Pending;
                }
                Reader::Behind { closes_at, is_held_back } => {
                    self.is_held_back = is_held_back;
                    ready!(self.patience.poll(task, || closes_at));
                }
                Reader::Slow(slow) => return Poll::Ready(End::Slow(Box::new(slow))),
            }
        }
    }

    /// Waits until the last frames have left.
    async fn farewell(&mut self) {
        poll_fn(|task| {
            self.connection.register(task);
            self.transport.poll_close(task, &self.connection)
        })
        .await;
    }
}

/// Internal messages that were taken and are not handled yet, which is memory only while there are
/// any.
#[derive(Default)]
struct Letters(Option<Box<std::vec::IntoIter<Info>>>);

impl Letters {
    fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|letters| letters.len() == 0)
    }

    fn next(&mut self) -> Option<Info> {
        let next = self.0.as_mut()?.next();
        if next.is_none() {
            self.0 = None;
        }
        next
    }
}

impl From<Vec<Info>> for Letters {
    fn from(letters: Vec<Info>) -> Self {
        Self((!letters.is_empty()).then(|| Box::new(letters.into_iter())))
    }
}

/// How long the client may be silent.
struct Idle {
    timeout: Option<Duration>,
    last_heard: Instant,
    timer: Deadline,
}

impl Idle {
    fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, last_heard: Instant::now(), timer: Deadline::default() }
    }

    fn set(&mut self, timeout: Option<Duration>) {
        *self = Self::new(timeout);
    }

    fn heard(&mut self) {
        if self.timeout.is_some() {
            self.last_heard = Instant::now();
        }
    }

    fn poll_expired(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let Self { timeout, last_heard, timer } = self;
        timer.poll(task, || last_heard.checked_add((*timeout)?))
    }
}
