//! What the requests of a session and its task share.

use std::{
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{answer::Status, post::Post};
use crate::{
    connection::{BacklogLimits, Budget, Connection, Outgoing, Share},
    log,
    wire::{Frame, Text},
};

/// Bytes of messages after which an answer gets no more of them. The rest comes with the next poll,
/// so that a client that does not read its answers has little of ours in them.
const ANSWER: usize = 1 << 20;

/// Windows without end are cut to this, so that there is a point in time when a session expires.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24 * 365);

/// One client's session. Requests may come in any task and over any HTTP connection.
pub(crate) struct Session {
    /// Names the session in each of the client's requests.
    pub(super) token: String,
    /// How long a poll waits for messages, and a POST for the session.
    pub(super) window: Duration,
    /// How long it lives until the first request that has its token.
    first_request: Duration,
    pub(super) connection: Connection,
    /// What waits for all clients of the mount.
    pub(super) budget: Arc<Budget>,
    /// Who opened the session.
    pub(super) peer: Option<SocketAddr>,
    /// Held by the POST whose messages are read and handled: the others wait, so that no more than
    /// one body per session takes memory.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// The task that drives the socket.
    task: AtomicWaker,
    state: Mutex<State>,
}

pub(super) struct State {
    /// The task has ended, or is about to.
    closed: bool,
    /// How many polls there were; the newest has this number.
    newest_poll: u64,
    /// The newest poll's task, while it waits.
    listener: Option<Waker>,
    /// What was left in the outbox when the session ended.
    messages: Vec<Text>,
    /// Counts them.
    left: Option<Share>,
    /// Whether a request has used the token.
    used: bool,
    /// What the task is to handle next.
    inbox: Option<Post>,
    /// Requests that are being answered.
    visits: usize,
    /// When the last request came or ended.
    last_visit: Instant,
}

impl Session {
    pub(crate) fn new(
        token: String,
        peer: Option<SocketAddr>,
        window: Duration,
        first_request: Duration,
        backlog: BacklogLimits,
        budget: Arc<Budget>,
    ) -> Arc<Self> {
        let connection = Connection::text_only(backlog);
        connection.count_in(&budget);
        Arc::new(Self {
            token,
            peer,
            window,
            first_request,
            connection,
            budget,
            turn: tokio::sync::Mutex::default(),
            task: AtomicWaker::new(),
            state: Mutex::new(State {
                closed: false,
                newest_poll: 0,
                listener: None,
                messages: Vec::new(),
                left: None,
                used: false,
                inbox: None,
                visits: 0,
                last_visit: Instant::now(),
            }),
        })
    }

    pub(super) fn has_token(&self, token: &str) -> bool {
        self.token == token
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A request has come in. As long as it is answered the session does not expire.
    pub(crate) fn visit(self: Arc<Self>) -> Visit {
        {
            let mut state = self.state.lock();
            state.used = true;
            state.visits += 1;
            state.last_visit = Instant::now();
        }
        Visit(self)
    }

    // ---- polls

    /// Makes a new poll the one that gets the messages, and returns its number.
    pub(super) fn start_poll(&self) -> u64 {
        let mut state = self.state.lock();
        state.newest_poll += 1;
        let number = state.newest_poll;
        let replaced = state.listener.take();
        drop(state);
        replaced.into_iter().for_each(Waker::wake);
        number
    }

    /// Whether a poll can be answered. If not, `task` is woken when that changes.
    pub(super) fn is_poll_ready(&self, number: u64, task: &Context<'_>) -> bool {
        // Whatever has to come first does, without the lock.
        self.connection.uncork();
        let mut state = self.state.lock();
        if state.newest_poll != number {
            return true;
        }
        // Before it is looked whether something waits, so that nothing is missed in between.
        state.listener = Some(task.waker().clone());
        // What waits stays in the outbox, and counts there, until an answer takes it.
        let ready = state.closed || self.connection.has_text();
        if ready {
            state.listener = None;
        }
        ready
    }

    /// Takes what waits for the client on behalf of a poll.
    pub(super) fn take_messages(&self, number: u64) -> Taken {
        self.connection.uncork();
        let mut state = self.state.lock();
        if state.newest_poll != number {
            return Taken::Nothing;
        }
        if !state.closed {
            state.fetch(&self.connection, ANSWER);
        }
        let messages = state.take_some();
        if !messages.is_empty() {
            if state.closed {
                self.task.wake();
            }
            return Taken::Messages(messages);
        }
        if state.closed { Taken::Closed } else { Taken::Nothing }
    }

    /// What a poll would be answered now.
    pub(super) fn outlook(&self, number: u64) -> Status {
        let state = self.state.lock();
        let is_newest = state.newest_poll == number;
        if state.closed && state.messages.is_empty() {
            Status::Gone
        } else if is_newest && (state.closed || self.connection.has_text()) {
            Status::Ok
        } else {
            Status::Empty
        }
    }

    /// A poll has ended.
    pub(super) fn end_poll(&self, number: u64) {
        let mut state = self.state.lock();
        if state.newest_poll == number {
            state.listener = None;
        }
    }

    // ---- posts

    /// Gives messages to the task, unless it has ended.
    pub(super) fn put(&self, post: Post) {
        let mut state = self.state.lock();
        if !state.closed {
            state.inbox = Some(post);
            drop(state);
            self.task.wake();
        }
    }

    /// What was put and not begun yet.
    pub(super) fn take_post(&self) -> Option<Post> {
        self.state.lock().inbox.take()
    }

    // ---- the task

    /// Makes `task` the one that is woken by posts, frames and closing.
    pub(super) fn register(&self, task: &Context<'_>) {
        self.task.register(task.waker());
        self.connection.register(task);
    }

    /// Wakes the open poll if frames wait for it.
    pub(super) fn deliver(&self) {
        self.connection.uncork();
        if self.connection.has_frames() {
            let listener = self.state.lock().listener.take();
            listener.into_iter().for_each(Waker::wake);
        }
    }

    /// When the client will have been away for too long, unless it comes back; none while a request
    /// of it is open.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        let state = self.state.lock();
        let lifetime =
            if state.used { self.lifetime() } else { self.first_request.min(self.lifetime()) };
        (state.visits == 0).then(|| state.last_visit + lifetime)
    }

    /// How long a session lives without requests.
    pub(super) fn lifetime(&self) -> Duration {
        (self.window.saturating_mul(3) / 2).min(LONGEST_LIFETIME)
    }

    /// The task ends. An open poll gets what still waits, or is told that the session is gone.
    pub(super) fn close(&self) {
        self.connection.uncork();
        let mut state = self.state.lock();
        state.closed = true;
        state.fetch(&self.connection, usize::MAX);
        state.left = Some(self.budget.share(bytes_of(&state.messages)));
        let listener = state.listener.take();
        let inbox = state.inbox.take();
        drop(state);
        drop(inbox);
        listener.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Whether nothing waits any more, once the session is closed.
    pub(super) fn is_emptied(&self) -> bool {
        self.state.lock().messages.is_empty()
    }

    /// Waits for that.
    pub(super) fn poll_emptied(&self, task: &Context<'_>) -> Poll<()> {
        self.task.register(task.waker());
        if self.is_emptied() { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn bytes_of(messages: &[Text]) -> usize {
    messages.iter().map(Text::len).sum()
}

/// What a poll found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Messages(Vec<Text>),
    Nothing,
    Closed,
}

impl State {
    /// What goes into one answer of what has been taken over.
    fn take_some(&mut self) -> Vec<Text> {
        let mut bytes = 0;
        let some = self.messages.iter().take_while(|message| {
            let has_room = bytes < ANSWER;
            bytes += message.len();
            has_room
        });
        let rest = self.messages.split_off(some.count());
        let taken = std::mem::replace(&mut self.messages, rest);
        if let Some(left) = &mut self.left {
            left.set(bytes_of(&self.messages));
        }
        taken
    }

    /// Takes over what waits in the outbox.
    fn fetch(&mut self, connection: &Connection, enough: usize) {
        let mut dropped = 0_usize;
        for frame in connection.take_frames_up_to(enough) {
            match frame {
                Outgoing::Frame(Frame::Text(text)) => self.messages.push(text),
                Outgoing::Frame(Frame::Binary(_)) => dropped += 1,
                Outgoing::Ping(_) | Outgoing::Close => {}
            }
        }
        log::binary_over_long_poll(dropped);
    }
}

/// A request of the session that is being answered.
pub(crate) struct Visit(pub(super) Arc<Session>);

impl Visit {
    pub(crate) fn session(&self) -> &Session {
        &self.0
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.visits -= 1;
        state.last_visit = Instant::now();
    }
}
