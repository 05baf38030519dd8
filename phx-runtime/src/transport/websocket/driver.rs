//! The task of one WebSocket connection: reads frames, hands them to the socket, writes what the
//! socket and others send, and keeps the deadlines whatever else is stuck.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    task::coop::{RestoreOnPending, poll_proceed},
    time::Instant,
};

use super::io::{Io, READ_SIZE};
use crate::{
    connection::{Connection, Outbox, Reader, Slow},
    log::{self, Party},
    message::{Info, Reason},
    transport::{Deadline, Flow, HandledKind, RawSocket, guarded, stopped, terminate},
    wire::{
        ClientClose, CloseCode, Control, Decoder, Frame, FrameError, Incoming, close_reply, deflate,
    },
};

/// How long the last frames may take to reach a client whose connection ends.
const LINGER: Duration = Duration::from_secs(5);

/// Bytes worked on for one unit of the task's budget: reading, inflating and compressing them, and
/// handling what they are. The budget is 128 units, so that is the size of a turn in KiB.
const UNIT: usize = 1024;

/// What the task of one connection holds besides its socket.
pub(crate) struct Driver {
    io: Io,
    connection: Connection,
    decoder: Decoder,
    idle: Idle,
    /// For a client that reads too slowly.
    patience: Deadline,
    /// Whether so much waits for the client that its own messages have to wait as well.
    is_held_back: bool,
    /// Bytes that were worked on and not paid for with turns.
    owed: usize,
    /// Whether the socket knows its connection.
    has_begun: bool,
}

/// Serves one connection from its upgrade to its end.
///
/// The future is hardly larger than what an idle connection holds: a block uses where it is what an
/// `async fn` would move, and whatever is rare is boxed.
#[expect(clippy::manual_async_fn, reason = "an `async fn` has room for its arguments twice")]
pub(crate) fn drive(
    mut driver: Driver,
    mut socket: Box<dyn RawSocket>,
) -> impl Future<Output = ()> + Send {
    async move {
        let connection = driver.connection.clone();
        let mut letters = Letters::default();
        let end = loop {
            let event = poll_fn(|task| driver.poll_next(task, &mut *socket, &mut letters));
            let event = event.await;
            let decided = match handle(&mut driver, &mut *socket, event, &connection) {
                Decision::Now(end) => end,
                Decision::Later(decision) => Box::pin(driver.decide(decision)).await,
            };
            if let Some(end) = decided {
                break end;
            }
        };
        drop((letters, connection));
        Box::pin(finish(&mut driver, &mut *socket, end)).await;
    }
}

/// Lets the socket clean up while the last frames leave.
async fn finish(driver: &mut Driver, socket: &mut dyn RawSocket, end: End) {
    driver.log(socket, &end);
    let reason = driver.announce(end);
    let connection = driver.connection.clone();
    connection.close_mailbox(reason.clone());
    let farewell = async {
        let _ = tokio::time::timeout(LINGER, driver.farewell(&end)).await;
        if connection.has_frames() && !matches!(end, End::Lost) {
            // What did not leave in that time is given up, so that the client still learns why.
            connection.with_outbox(Outbox::skip_to_close);
            let _ = tokio::time::timeout(LINGER, driver.farewell(&end)).await;
        }
    };
    futures_util::future::join(terminate(socket, reason, &connection), farewell).await;
    connection.abandon();
}

impl Drop for Driver {
    /// A runtime that shuts down drops its tasks wherever they are.
    fn drop(&mut self) {
        self.connection.abandon();
    }
}

/// How a connection came to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The client sent a close frame.
    ClosedByClient,
    /// The stream ended or broke.
    Lost,
    /// The socket ended it.
    Stopped(CloseCode),
    /// The client sent an invalid frame.
    Broken(FrameError),
    /// The client sent an invalid message.
    Malformed(CloseCode),
    /// The socket panicked.
    Panicked,
    /// The client read too slowly.
    Slow(Slow),
    /// A close frame was queued from outside of the task.
    Closing,
}

/// What happened next.
enum Event {
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
            Self::Control(_) | Self::Info(_) | Self::End(_) => 0,
        }
    }
}

/// Whether the connection ends, or the future that decides it.
enum Decision<'a> {
    Now(Option<End>),
    Later(Pin<Box<dyn Future<Output = Flow> + Send + 'a>>),
}

/// Hands an event to the socket.
fn handle<'a>(
    driver: &mut Driver,
    socket: &'a mut dyn RawSocket,
    event: Event,
    connection: &'a Connection,
) -> Decision<'a> {
    let worked_on = event.len();
    let handled = match event {
        Event::Message(frame) => guarded("handle_in", || socket.handle_in(frame, connection)),
        Event::Control(control) => {
            guarded("handle_control", || socket.handle_control(control, connection))
        }
        Event::Info(message) => guarded("handle_info", || socket.handle_info(message, connection)),
        Event::End(end) => return Decision::Now(Some(end)),
    };
    driver.owed += worked_on + deflate::take_work();
    match handled.map(|handled| handled.0) {
        Some(HandledKind::Now(flow)) => Decision::Now(decided(flow)),
        Some(HandledKind::Later(decision)) => Decision::Later(decision),
        None => Decision::Now(Some(End::Panicked)),
    }
}

/// The end, if that was decided.
fn decided(flow: Flow) -> Option<End> {
    match flow {
        Flow::Continue => None,
        Flow::Stop(code) => Some(End::Stopped(code)),
        Flow::Malformed(code) => Some(End::Malformed(code)),
    }
}

impl Driver {
    /// The connection is closed after `timeout` without a sign of life.
    pub(crate) fn new(
        io: Io,
        connection: Connection,
        decoder: Decoder,
        timeout: Option<Duration>,
    ) -> Self {
        Self {
            io,
            connection,
            decoder,
            idle: Idle::new(timeout),
            patience: Deadline::default(),
            is_held_back: false,
            owed: 0,
            has_begun: false,
        }
    }

    /// Waits for a decision that takes time, and writes meanwhile. Gives the end, if there is one.
    async fn decide(
        &mut self,
        mut decision: Pin<Box<dyn Future<Output = Flow> + Send + '_>>,
    ) -> Option<End> {
        poll_fn(|task| {
            match guarded("Handled::later", || decision.as_mut().poll(task)) {
                Some(Poll::Ready(flow)) => return Poll::Ready(decided(flow)),
                Some(Poll::Pending) => {}
                None => return Poll::Ready(Some(End::Panicked)),
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

    fn poll_next(
        &mut self,
        task: &mut Context<'_>,
        socket: &mut dyn RawSocket,
        letters: &mut Letters,
    ) -> Poll<Event> {
        if !std::mem::replace(&mut self.has_begun, true)
            && guarded("init", || socket.init(&self.connection)).is_none()
        {
            return Poll::Ready(Event::End(End::Panicked));
        }
        // What was compressed in this thread before is somebody else's.
        deflate::take_work();
        let event = self.poll_event(task, socket, letters);
        self.owed += deflate::take_work();
        event
    }

    fn poll_event(
        &mut self,
        task: &mut Context<'_>,
        socket: &mut dyn RawSocket,
        letters: &mut Letters,
    ) -> Poll<Event> {
        self.connection.register(task);
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
            if letters.is_empty() {
                *letters = Letters::from(self.connection.take_messages());
                if !letters.is_empty() {
                    self.connection.cork();
                }
            }
            let ready = self.is_ready_for(socket);
            if !letters.is_empty() || ready {
                let Poll::Ready(turn) = self.poll_turn(task) else {
                    // What this turn caused does not wait for the turns that follow.
                    let written = self.poll_write(task);
                    self.connection.cork();
                    return written.map(Event::End);
                };
                if let Some(message) = letters.next() {
                    turn.made_progress();
                    return Poll::Ready(Event::Info(message));
                }
                match self.decoder.decode() {
                    Ok(Some(incoming)) => {
                        turn.made_progress();
                        return Poll::Ready(self.received(incoming));
                    }
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Event::End(End::Broken(error))),
                }
            }
            // What callbacks send that finish now leaves in one write below; a join's reply not before
            // its channel is subscribed, so that its client misses no broadcast made after it.
            self.connection.cork();
            match guarded("poll", || socket.poll(task, &self.connection)) {
                Some(Poll::Pending | Poll::Ready(Flow::Continue)) => {}
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
            match ready!(self.poll_read(task)) {
                Ok(()) => self.connection.cork(),
                Err(end) => return Poll::Ready(Event::End(end)),
            }
        }
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

    /// Reads once, or finds that the client has gone.
    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<Result<(), End>> {
        loop {
            match self.io.poll_read(task, &mut self.decoder) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::Lost)),
                Poll::Ready(Ok(read)) => {
                    self.idle.heard();
                    self.owed += read;
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(End::Lost)),
                Poll::Pending => return self.poll_silence(task).map(Err),
            }
        }
    }

    /// Finds out that the client has gone while its messages are not handled. A little is read ahead
    /// for that: it is a sign of life, and may hold a close frame. Behind more than that, the end is
    /// seen where the system tells of it; and a client whose heartbeats cannot be read for as long as
    /// the timeout has given up by itself.
    fn poll_gone(&mut self, task: &mut Context<'_>) -> Poll<End> {
        loop {
            if self.decoder.skip_to_close() {
                return Poll::Ready(match self.decoder.decode() {
                    Ok(Some(Incoming::Close(close))) => self.closed(close.as_ref()),
                    Ok(_) => End::ClosedByClient,
                    Err(error) => End::Broken(error),
                });
            }
            if self.decoder.unread() >= READ_SIZE {
                break;
            }
            if let Err(end) = ready!(self.poll_read(task)) {
                return Poll::Ready(end);
            }
        }
        if self.io.poll_end(task).is_ready() {
            return Poll::Ready(End::Lost);
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
        match self.io.poll_flush(task, &self.connection) {
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
                Reader::Slow(slow) => return Poll::Ready(End::Slow(slow)),
            }
        }
    }

    fn received(&mut self, incoming: Incoming) -> Event {
        match incoming {
            Incoming::Message(frame) => Event::Message(frame),
            Incoming::Ping(payload) => {
                self.connection.pong(&payload);
                Event::Control(Control::Ping(payload))
            }
            Incoming::Pong(payload) => Event::Control(Control::Pong(payload)),
            Incoming::Close(close) => Event::End(self.closed(close.as_ref())),
        }
    }

    fn closed(&self, close: Option<&ClientClose>) -> End {
        let reply = close_reply(close);
        self.connection.with_outbox(|outbox| outbox.answer_close(CloseCode::NORMAL, &reply));
        End::ClosedByClient
    }

    /// Says why the server ends the connection, if something is wrong.
    fn log(&self, socket: &dyn RawSocket, end: &End) {
        let party = || Party {
            socket: Some(socket.name()),
            id: socket.id(),
            peer: self.connection.with_outbox(|outbox| outbox.peer()),
        };
        let by_server = |code: CloseCode, reason: &dyn fmt::Display| {
            log::closed(party(), code.get(), reason, true);
        };
        let by_client = |code: CloseCode, reason: &dyn fmt::Display| {
            log::closed(party(), code.get(), reason, false);
        };
        match *end {
            End::Stopped(code @ CloseCode::INTERNAL) => by_server(code, &"the socket stopped it"),
            End::ClosedByClient | End::Lost | End::Stopped(_) => {}
            End::Broken(error) => by_client(error.close_code(), &error),
            End::Malformed(code) => by_client(code, &"the client sent an invalid message"),
            End::Panicked => by_server(CloseCode::INTERNAL, &"the socket panicked"),
            End::Slow(slow) => {
                log::slow_reader(party(), slow.waiting, slow.limit, slow.behind);
            }
            End::Closing => {
                if let Some((code, reason)) = self.connection.failure() {
                    by_server(code, &reason);
                }
            }
        }
    }

    /// Queues the close frame that belongs to this end, and says what `terminate` is told.
    fn announce(&mut self, end: End) -> Reason {
        let code = match end {
            End::ClosedByClient | End::Lost => return Reason::Closed,
            End::Slow(_) | End::Closing => {
                return self.connection.ending().map_or(Reason::Closed, |(_, reason)| reason);
            }
            End::Stopped(code) | End::Malformed(code) => code,
            End::Broken(error) => error.close_code(),
            End::Panicked => CloseCode::INTERNAL,
        };
        let reason = stopped(code);
        self.connection.close(code, reason.clone());
        reason
    }

    /// Writes the last frames, then waits for the client's part of the closing handshake, so that
    /// the frames are not lost to a reset.
    async fn farewell(&mut self, end: &End) {
        if matches!(end, End::Lost) {
            return;
        }
        let mut written = false;
        let _ = poll_fn(|task| {
            if !written {
                match self.io.poll_flush(task, &self.connection) {
                    Poll::Ready(Ok(())) => {
                        let _ = self.io.poll_shutdown(task, &self.connection);
                        written = true;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => {}
                }
            }
            if written && matches!(end, End::ClosedByClient) {
                return Poll::Ready(Ok(()));
            }
            // What still comes is thrown away, until the client closes its side too.
            let mut rest = Decoder::new(0);
            loop {
                match self.io.poll_read(task, &mut rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(_)) => {
                        if written && matches!(rest.decode(), Ok(Some(Incoming::Close(_)))) {
                            return Poll::Ready(Ok(()));
                        }
                        rest = Decoder::new(0);
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
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

/// The idle timeout.
struct Idle {
    timeout: Option<Duration>,
    last_heard: Instant,
    timer: Deadline,
}

impl Idle {
    fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, last_heard: Instant::now(), timer: Deadline::default() }
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
