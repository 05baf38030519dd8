//! The task of one session: hands what requests bring to the socket, wakes the poll that waits for
//! what the socket and others send, and notices when the client is gone.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::Instant;

use super::{
    post::Post,
    session::Session,
    sessions::{SessionId, Sessions},
};
use crate::{
    connection::{Reader, Slow},
    log::{self, Party},
    message::{Info, Reason},
    transport::{Deadline, Flow, Handled, HandledKind, RawSocket, guarded, stopped, terminate},
    wire::{CloseCode, Frame},
};

/// Messages of a batch that are handled before others get the thread, and an open poll the answers.
const BATCH: usize = 64;

/// The same for their bytes: fewer messages, if they are long.
const BATCH_BYTES: usize = 128 * 1024;

/// Serves one session from its beginning to its end.
pub(crate) async fn drive(
    session: Arc<Session>,
    id: SessionId,
    sessions: Sessions,
    mut socket: Box<dyn RawSocket>,
) {
    let connection = session.connection.clone();
    let _abandoned = connection.abandon_at_end();
    let end = match guarded("init", || socket.init(&connection)) {
        Some(()) => Driver::new(session.clone()).run(&mut *socket).await,
        None => End::Failed,
    };
    end.log(&*socket, &session);
    let (code, reason) = end.announcement();
    // If something else has closed it already, that is the reason.
    connection.close(code, reason.clone());
    let reason = connection.ending().map_or(reason, |(_, reason)| reason);
    // A client that stayed away fetches nothing, and one that is told to go has nothing to fetch.
    let is_to_go = matches!(end, End::Inactive) || matches!(reason, Reason::Disconnected);
    session.close();
    connection.close_mailbox(reason.clone());
    if is_to_go || session.is_emptied() {
        sessions.remove(&id);
    } else {
        // The next poll gets what waits, and only the one after it learns that the session is gone.
        // That needs neither the socket nor anybody to wait for it.
        tokio::spawn(leave(session, id, sessions));
    }
    terminate(&mut *socket, reason, &connection).await;
}

/// Keeps a session that is over until its client has fetched what waits, as long as sessions without
/// requests live.
async fn leave(session: Arc<Session>, id: SessionId, sessions: Sessions) {
    let emptied = poll_fn(|task| session.poll_emptied(task));
    let _ = tokio::time::timeout(session.lifetime(), emptied).await;
    sessions.remove(&id);
}

struct Driver {
    session: Arc<Session>,
    /// The request whose messages are being handled.
    post: Option<Post>,
    /// For a client that stays away.
    expiry: Deadline,
    /// For a client that does not poll.
    patience: Deadline,
    /// Whether so much waits for the client that its own messages have to wait as well.
    is_held_back: bool,
}

/// How a session came to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The socket ended it.
    Stopped(CloseCode),
    /// The socket panicked.
    Failed,
    /// The client stayed away.
    Inactive,
    /// The client did not poll.
    Slow(Slow),
    /// It was closed from outside of the task.
    Closing,
}

impl End {
    fn announcement(self) -> (CloseCode, Reason) {
        match self {
            Self::Stopped(code) => (code, stopped(code)),
            Self::Failed => (CloseCode::INTERNAL, Reason::failed("the socket panicked")),
            Self::Inactive => (CloseCode::GOING_AWAY, Reason::Inactive),
            Self::Slow(_) | Self::Closing => (CloseCode::GOING_AWAY, Reason::Closed),
        }
    }

    /// Says why the server ends the session, if something is wrong.
    fn log(self, socket: &dyn RawSocket, session: &Session) {
        let party = Party { socket: Some(socket.name()), id: socket.id(), peer: session.peer };
        match self {
            Self::Stopped(code @ CloseCode::INTERNAL) => {
                log::closed(party, code.get(), "the socket stopped it", true);
            }
            Self::Stopped(_) | Self::Inactive => {}
            Self::Failed => {
                log::closed(party, CloseCode::INTERNAL.get(), "the socket panicked", true);
            }
            Self::Slow(slow) => {
                log::slow_reader(party, slow.waiting, slow.limit, slow.behind);
            }
            Self::Closing => {
                if let Some((code, reason)) = session.connection.failure() {
                    log::closed(party, code.get(), reason, true);
                }
            }
        }
    }
}

/// What happened next.
enum Event {
    Message(Frame),
    Info(Info),
    Stop(CloseCode),
}

impl Driver {
    fn new(session: Arc<Session>) -> Self {
        Self {
            session,
            post: None,
            expiry: Deadline::default(),
            patience: Deadline::default(),
            is_held_back: false,
        }
    }

    async fn run(mut self, socket: &mut dyn RawSocket) -> End {
        let mut letters = Vec::new().into_iter();
        let (mut handled, mut worked_on) = (0, 0);
        loop {
            let event = poll_fn(|task| self.poll_event(task, socket, &mut letters)).await;
            let event = match event {
                Ok(event) => event,
                Err(end) => return end,
            };
            let is_message = matches!(event, Event::Message(_));
            if let Event::Message(frame) = &event {
                worked_on += frame.len();
            }
            let flow = self.handle(socket, event).await;
            if is_message {
                self.answer(flow);
            }
            match flow {
                Ok(Flow::Malformed(_)) if is_message => {}
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop(code) | Flow::Malformed(code)) => return End::Stopped(code),
                Err(end) => return end,
            }
            handled += 1;
            if handled == BATCH || worked_on >= BATCH_BYTES {
                (handled, worked_on) = (0, 0);
                self.session.deliver();
                tokio::task::yield_now().await;
            }
        }
    }

    async fn handle(&mut self, socket: &mut dyn RawSocket, event: Event) -> Result<Flow, End> {
        let connection = self.session.connection.clone();
        let handled = match event {
            Event::Message(frame) => guarded("handle_in", || socket.handle_in(frame, &connection)),
            Event::Info(message) => {
                guarded("handle_info", || socket.handle_info(message, &connection))
            }
            Event::Stop(code) => return Ok(Flow::Stop(code)),
        };
        match handled {
            Some(handled) => self.decide(handled).await,
            None => Err(End::Failed),
        }
    }

    /// Waits for a decision that takes time, and delivers meanwhile.
    async fn decide(&mut self, handled: Handled<'_>) -> Result<Flow, End> {
        let mut decision = match handled.0 {
            HandledKind::Now(flow) => return Ok(flow),
            HandledKind::Later(decision) => decision,
        };
        poll_fn(|task| {
            match guarded("Handled::later", || decision.as_mut().poll(task)) {
                Some(Poll::Ready(flow)) => return Poll::Ready(Ok(flow)),
                Some(Poll::Pending) => {}
                None => return Poll::Ready(Err(End::Failed)),
            }
            let end = self.poll_end(task);
            self.session.deliver();
            end.map(Err)
        })
        .await
    }

    fn poll_event(
        &mut self,
        task: &mut Context<'_>,
        socket: &mut dyn RawSocket,
        letters: &mut std::vec::IntoIter<Info>,
    ) -> Poll<Result<Event, End>> {
        if let Poll::Ready(end) = self.poll_end(task) {
            return Poll::Ready(Err(end));
        }
        loop {
            if let Some(message) = letters.next() {
                return Poll::Ready(Ok(Event::Info(message)));
            }
            *letters = self.session.connection.take_messages().into_iter();
            if letters.len() > 0 {
                continue;
            }
            if let Poll::Ready(end) = self.poll_reader(task) {
                return Poll::Ready(Err(end));
            }
            let ready = self.is_ready_for(socket);
            if ready && let Some(frame) = self.next_message() {
                return Poll::Ready(Ok(Event::Message(frame)));
            }
            let connection = &self.session.connection;
            match guarded("poll", || socket.poll(task, connection)) {
                Some(Poll::Pending | Poll::Ready(Flow::Continue)) => {}
                Some(Poll::Ready(Flow::Stop(code) | Flow::Malformed(code))) => {
                    return Poll::Ready(Ok(Event::Stop(code)));
                }
                None => return Poll::Ready(Err(End::Failed)),
            }
            if !ready && self.is_ready_for(socket) {
                continue;
            }
            self.session.deliver();
            return Poll::Pending;
        }
    }

    /// Whether messages of the client are handled now.
    fn is_ready_for(&self, socket: &dyn RawSocket) -> bool {
        !self.is_held_back && socket.is_ready()
    }

    /// Whether the session is over, whatever the socket does. Wakes `task` if that changes.
    fn poll_end(&mut self, task: &mut Context<'_>) -> Poll<End> {
        self.session.register(task);
        if self.session.connection.is_ending() {
            return Poll::Ready(End::Closing);
        }
        if let Poll::Ready(end) = self.poll_reader(task) {
            return Poll::Ready(end);
        }
        let session = &self.session;
        let expires_at =
            || session.expires_at().or_else(|| Instant::now().checked_add(session.lifetime()));
        self.expiry.poll(task, expires_at).map(|()| End::Inactive)
    }

    /// Sees to it that the client polls.
    fn poll_reader(&mut self, task: &mut Context<'_>) -> Poll<End> {
        loop {
            match self.session.connection.look() {
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

    /// The next message of a request that still waits to be answered.
    fn next_message(&mut self) -> Option<Frame> {
        loop {
            if self.post.as_ref().is_none_or(|post| !post.is_wanted()) {
                self.post = self.session.take_post();
            }
            let post = self.post.as_mut()?;
            match post.messages().next() {
                Some(Ok(frame)) => return Some(frame),
                Some(Err(_)) => post.blame(),
                None => self.finish(),
            }
        }
    }

    /// Answers the request that a message came from, if it was the last one or ends the session.
    fn answer(&mut self, flow: Result<Flow, End>) {
        let Some(post) = &mut self.post else { return };
        match flow {
            Ok(Flow::Continue) => {}
            Ok(Flow::Malformed(_)) => post.blame(),
            Ok(Flow::Stop(_)) => return self.finish(),
            Err(End::Failed) => {
                if let Some(post) = self.post.take() {
                    post.fail();
                }
                return;
            }
            // Without a verdict the request finds that the session is gone.
            Err(_) => return,
        }
        if post.is_done() {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(post) = self.post.take() {
            post.finish();
        }
    }
}
