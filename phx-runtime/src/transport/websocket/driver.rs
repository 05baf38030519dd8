//! The task of one WebSocket connection: reads frames, hands them to the socket, writes what the
//! socket and others send, and keeps the deadlines whatever else is stuck.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    task::coop::poll_proceed,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    close::close_reply,
    decoder::{Decoder, Incoming},
    frame_error::FrameError,
    io::Io,
};
use crate::{
    channel::{Info, Reason},
    transport::{
        CloseCode, Connection, Control, Flow, Frame, RawSocket,
        raw_socket::{Handled, HandledKind, guarded, terminate},
    },
};

/// How long the last frames may take to reach a client whose connection ends.
const LINGER: Duration = Duration::from_secs(5);

/// What the task of one connection holds besides its socket.
pub(crate) struct Driver {
    io: Io,
    connection: Connection,
    decoder: Decoder,
    idle: Idle,
}

/// Serves one connection from its upgrade to its end.
///
/// Everything is borrowed and the ending boxed, so that the task of an idle connection is no
/// larger than what it holds.
pub(crate) async fn drive(driver: &mut Driver, socket: &mut dyn RawSocket) {
    let end = match guarded("init", || socket.init(&driver.connection)) {
        Some(()) => driver.run(socket).await,
        None => End::Stopped(CloseCode::INTERNAL),
    };
    Box::pin(finish(driver, socket, end)).await;
}

/// Lets the socket clean up while the last frames leave.
async fn finish(driver: &mut Driver, socket: &mut dyn RawSocket, end: End) {
    let reason = driver.announce(end);
    let connection = driver.connection.clone();
    connection.close_mailbox(reason.clone());
    let farewell = tokio::time::timeout(LINGER, driver.farewell(&end));
    let _ = futures_util::future::join(terminate(socket, reason, &connection), farewell).await;
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
    /// The socket, a broken rule, or a deadline ended it.
    Stopped(CloseCode),
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

/// Hands an event to the socket.
fn handle<'a>(
    socket: &'a mut dyn RawSocket,
    event: Event,
    connection: &'a Connection,
) -> Result<Handled<'a>, End> {
    let handled = match event {
        Event::Message(frame) => guarded("handle_in", || socket.handle_in(frame, connection)),
        Event::Control(control) => {
            guarded("handle_control", || socket.handle_control(control, connection))
        }
        Event::Info(message) => guarded("handle_info", || socket.handle_info(message, connection)),
        Event::End(end) => return Err(end),
    };
    handled.ok_or(End::Stopped(CloseCode::INTERNAL))
}

impl Driver {
    /// The connection is closed after `timeout` without a sign of life.
    pub(crate) fn new(
        io: Io,
        connection: Connection,
        decoder: Decoder,
        timeout: Option<Duration>,
    ) -> Self {
        Self { io, connection, decoder, idle: Idle::new(timeout) }
    }

    async fn run(&mut self, socket: &mut dyn RawSocket) -> End {
        let connection = self.connection.clone();
        let mut letters = Vec::new().into_iter();
        loop {
            let event = poll_fn(|task| self.poll_event(task, socket, &mut letters)).await;
            let flow = match handle(socket, event, &connection) {
                Ok(handled) => self.decide(handled).await,
                Err(end) => return end,
            };
            match flow {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop(code) | Flow::Malformed(code)) => return End::Stopped(code),
                Err(end) => return end,
            }
        }
    }

    /// Waits for a decision that takes time, and writes meanwhile.
    async fn decide(&mut self, handled: Handled<'_>) -> Result<Flow, End> {
        let mut decision = match handled.0 {
            HandledKind::Now(flow) => return Ok(flow),
            HandledKind::Later(decision) => decision,
        };
        poll_fn(|task| {
            match guarded("Handled::later", || decision.as_mut().poll(task)) {
                Some(Poll::Ready(flow)) => return Poll::Ready(Ok(flow)),
                Some(Poll::Pending) => {}
                None => return Poll::Ready(Ok(Flow::Stop(CloseCode::INTERNAL))),
            }
            self.connection.register(task);
            if self.connection.ending().is_some() {
                return Poll::Ready(Err(End::Closing));
            }
            self.poll_write(task).map(Err)
        })
        .await
    }

    fn poll_event(
        &mut self,
        task: &mut Context<'_>,
        socket: &mut dyn RawSocket,
        letters: &mut std::vec::IntoIter<Info>,
    ) -> Poll<Event> {
        self.connection.register(task);
        if self.connection.ending().is_some() {
            return Poll::Ready(Event::End(End::Closing));
        }
        loop {
            if let Some(message) = letters.next() {
                return Poll::Ready(Event::Info(message));
            }
            *letters = self.connection.take_messages().into_iter();
            if letters.len() > 0 {
                self.connection.cork();
                continue;
            }
            let ready = socket.is_ready();
            if ready {
                // One read may bring thousands of messages: they share the task's budget, so that
                // whoever sends much takes turns with the other connections of this thread.
                let turn = ready!(poll_proceed(task));
                match self.decoder.decode() {
                    Ok(Some(incoming)) => {
                        turn.made_progress();
                        return Poll::Ready(self.received(incoming));
                    }
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Event::End(broken(error))),
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
                None => return Poll::Ready(Event::End(End::Stopped(CloseCode::INTERNAL))),
            }
            if let Poll::Ready(end) = self.poll_write(task) {
                return Poll::Ready(Event::End(end));
            }
            if !ready {
                if socket.is_ready() {
                    continue;
                }
                // Nothing is read, so silence means nothing.
                self.idle.heard();
                return Poll::Pending;
            }
            match self.io.poll_read(task, &mut self.decoder) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Event::End(End::Lost)),
                Poll::Ready(Ok(_)) => {
                    self.idle.heard();
                    self.connection.cork();
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Event::End(End::Lost)),
                Poll::Pending => {
                    if self.idle.poll_expired(task).is_ready() {
                        self.connection.close(CloseCode::PROTOCOL, Reason::Inactive);
                        return Poll::Ready(Event::End(End::Closing));
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_write(&mut self, task: &mut Context<'_>) -> Poll<End> {
        match self.io.poll_flush(task, &self.connection) {
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_)) => Poll::Ready(End::Lost),
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
            Incoming::Close(close) => {
                let reply = close_reply(close.as_ref());
                self.connection
                    .with_outbox(|outbox| outbox.answer_close(CloseCode::NORMAL, &reply));
                Event::End(End::ClosedByClient)
            }
        }
    }

    /// Queues the close frame that belongs to this end, and says what `terminate` is told.
    fn announce(&mut self, end: End) -> Reason {
        match end {
            End::ClosedByClient | End::Lost => Reason::Closed,
            End::Stopped(code) => {
                let reason = match code {
                    CloseCode::NORMAL => Reason::Normal,
                    CloseCode::RESTART => Reason::Draining,
                    code => Reason::failed(format_args!("closed with code {code}")),
                };
                self.connection.close(code, reason.clone());
                reason
            }
            End::Closing => self.connection.ending().map_or(Reason::Closed, |(_, reason)| reason),
        }
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

fn broken(error: FrameError) -> End {
    tracing::debug!(%error, "closing a connection that breaks the WebSocket protocol");
    End::Stopped(error.close_code())
}

/// The idle timeout. The timer is not moved with every frame: when it fires, it is set again for
/// what is left since the last one.
struct Idle {
    timeout: Option<Duration>,
    last_heard: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    fn new(timeout: Option<Duration>) -> Self {
        let last_heard = Instant::now();
        let timer = timeout.map(|timeout| Box::pin(sleep_until(last_heard + timeout)));
        Self { timeout, last_heard, timer }
    }

    fn heard(&mut self) {
        if self.timeout.is_some() {
            self.last_heard = Instant::now();
        }
    }

    fn poll_expired(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let (Some(timeout), Some(timer)) = (self.timeout, &mut self.timer) else {
            return Poll::Pending;
        };
        loop {
            if timer.as_mut().poll(task).is_pending() {
                return Poll::Pending;
            }
            let deadline = self.last_heard + timeout;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }
}
