//! What the rest of the program holds of a connection.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::{net::tcp::OwnedWriteHalf, time::Instant};

use super::{
    backlog::{BacklogLimits, Slow},
    mailbox::{Mailbox, Refusal},
    outbox::{Due, Outbox, Sent, State},
    signs::{OutboxGuard, Signs},
};
use crate::{
    log::{self, Party},
    message::{Info, Reason},
    wire::{CloseCode, Frame, OpCode, close_frame_saying, deflate, put_frame},
};

/// Shared frames up to this size are copied to be written together.
const GATHERED_FRAME: usize = 4 * 1024;

/// So many bytes, or one frame more, are written at once.
const GATHERED_LIMIT: usize = 32 * 1024;

thread_local! {
    /// Where frames are gathered that are written at once; taken out while in use.
    static GATHERED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection as seen from outside of its task: to send, to notify, to close. Cheap to clone.
///
/// Handles outlive their connection; what is sent to one that is gone goes nowhere.
#[derive(Clone)]
pub struct Connection(pub(super) Arc<Shared>);

/// The two locks are never held together. Under the outbox's, bytes are written to the socket, which
/// does not block, and frames are encoded; nothing else is locked and nobody is woken. Neither is held
/// while code of the application runs.
pub(super) struct Shared {
    /// The connection's task.
    pub(super) waker: AtomicWaker,
    outbox: Mutex<Outbox>,
    mailbox: Mutex<Mailbox>,
    /// What there is in them to be looked at.
    signs: Signs,
    /// Whether no more of the client is to be read for now, because of what waits to be broadcast.
    held: AtomicBool,
    /// Whether the client takes compressed frames.
    compresses: bool,
    /// Whether the transport carries text alone.
    text_only: bool,
}

impl Shared {
    pub(super) fn outbox(&self) -> OutboxGuard<'_> {
        OutboxGuard::new(self.outbox.lock(), &self.signs)
    }
}

impl Connection {
    /// A connection of a client that is behind while more than `max_backlog` bytes wait for it.
    /// Transports make one for each client, and write out what [`poll_frames`](Self::poll_frames)
    /// gives them.
    ///
    /// A client that is behind for 10 s, or by more than 16 times as much, is closed with
    /// [`CloseCode::TRY_AGAIN`] when the transport asks for the [`ending`](Self::ending).
    pub fn new(max_backlog: usize) -> Self {
        Self::with_limits(BacklogLimits::new(max_backlog))
    }

    /// The same with limits of one's own, which many connections may share.
    pub fn with_limits(limits: impl Into<Arc<BacklogLimits>>) -> Self {
        Self::of_websocket(limits, None, false)
    }

    /// A connection whose transport writes `WebSocket` frames as they are queued, compressed if the
    /// client agreed to permessage-deflate.
    ///
    /// With a TCP `socket`, whoever sends writes what it takes at once, and the transport writes the
    /// rest with [`poll_flush`](Self::poll_flush). Without one it writes what [`front`](Self::front)
    /// gives, and says with [`written`](Self::written) how much of it that was.
    pub fn of_websocket(
        limits: impl Into<Arc<BacklogLimits>>,
        socket: Option<OwnedWriteHalf>,
        compresses: bool,
    ) -> Self {
        Self::made(limits.into(), socket, compresses, false)
    }

    /// The same for a transport that carries text alone, as long-polling does: a binary message that a
    /// socket [sends](Self::send) travels as the URL that holds it. What the channels protocol has to
    /// send in binary frames is not text for that; see [`has_text`](Self::has_text).
    pub fn text_only(limits: impl Into<Arc<BacklogLimits>>) -> Self {
        Self::made(limits.into(), None, false, true)
    }

    fn made(
        limits: Arc<BacklogLimits>,
        socket: Option<OwnedWriteHalf>,
        compresses: bool,
        text_only: bool,
    ) -> Self {
        Self(Arc::new(Shared {
            waker: AtomicWaker::new(),
            outbox: Mutex::new(Outbox::new(limits, socket)),
            mailbox: Mutex::default(),
            signs: Signs::default(),
            held: AtomicBool::new(false),
            compresses,
            text_only,
        }))
    }

    /// Whether permessage-deflate was agreed. Only then may compressed frames be sent.
    pub(crate) fn compresses(&self) -> bool {
        self.0.compresses
    }

    /// Sends a message to the client.
    ///
    /// Over long-polling and others that carry [text alone](Self::text_only), a binary message travels as the URL that holds it,
    /// `data:;base64,…`.
    pub fn send(&self, frame: &Frame) {
        match frame {
            Frame::Text(text) => self.put(OpCode::Text, text.as_bytes()),
            Frame::Binary(bytes) if self.0.text_only => {
                let mut url = String::from("data:;base64,");
                STANDARD.encode_string(bytes, &mut url);
                self.put(OpCode::Text, url.as_bytes());
            }
            Frame::Binary(bytes) => self.put(OpCode::Binary, bytes),
        }
    }

    /// Sends a ping; the client's pong comes back through
    /// [`RawSocket::handle_control`](crate::transport::RawSocket::handle_control). Payloads above 125 bytes
    /// are cut off. Transports without pings send nothing.
    pub fn ping(&self, payload: &[u8]) {
        self.put(OpCode::Ping, &payload[..payload.len().min(125)]);
    }

    /// Sends a pong that nobody asked for, as a sign of life; pings are answered without it. Payloads
    /// above 125 bytes are cut off. Transports without pongs send nothing.
    pub fn pong(&self, payload: &[u8]) {
        self.put(OpCode::Pong, &payload[..payload.len().min(125)]);
    }

    fn put(&self, opcode: OpCode, payload: &[u8]) {
        let Ok(()) = self.send_with(None, |buffer| {
            put_frame(buffer, opcode, payload);
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// Sends already encoded frames, unless `allowed` has been taken back meanwhile. The check is
    /// made under the lock, so nothing follows what was sent after taking it back.
    pub(crate) fn send_encoded(&self, frames: &Bytes, allowed: Option<&AtomicBool>) {
        if frames.is_empty() {
            return;
        }
        let mut outbox = self.0.outbox();
        if is_taken_back(allowed) {
            return;
        }
        let sent = outbox.send(frames);
        drop(outbox);
        self.after(sent);
    }

    /// Sends already encoded frames that are shared one by one, under the same condition. Small ones
    /// are copied behind each other, so that they leave in one write.
    pub(crate) fn send_all_encoded<'a>(
        &self,
        frames: impl Iterator<Item = &'a Bytes>,
        allowed: Option<&AtomicBool>,
    ) {
        let mut piece = GATHERED.take();
        for frame in frames {
            if frame.len() > GATHERED_FRAME {
                self.send_gathered(&mut piece, allowed);
                self.send_encoded(frame, allowed);
                continue;
            }
            piece.extend_from_slice(frame);
            if piece.len() > GATHERED_LIMIT {
                self.send_gathered(&mut piece, allowed);
            }
        }
        self.send_gathered(&mut piece, allowed);
        GATHERED.set(piece);
    }

    fn send_gathered(&self, piece: &mut Vec<u8>, allowed: Option<&AtomicBool>) {
        if piece.is_empty() {
            return;
        }
        let mut outbox = self.0.outbox();
        if !is_taken_back(allowed) {
            let Ok(sent) = outbox.send_with(|buffer| {
                buffer.extend_from_slice(piece);
                Ok::<_, std::convert::Infallible>(())
            });
            drop(outbox);
            self.after(sent);
        }
        piece.clear();
    }

    /// Sends one frame that `encode` appends, under the same condition.
    pub(crate) fn send_with<E>(
        &self,
        allowed: Option<&AtomicBool>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.0.compresses {
            return self.send_compressed(allowed, encode);
        }
        let mut outbox = self.0.outbox();
        if is_taken_back(allowed) {
            return Ok(());
        }
        let sent = outbox.send_with(encode)?;
        drop(outbox);
        self.after(sent);
        Ok(())
    }

    /// The work is done before the lock is taken: a broadcast never waits for it.
    fn send_compressed<E>(
        &self,
        allowed: Option<&AtomicBool>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        if is_taken_back(allowed) {
            return Ok(());
        }
        let mut frame = Vec::new();
        encode(&mut frame)?;
        self.send_encoded(&deflate::compress(&frame.into()), allowed);
        Ok(())
    }

    /// Sends a message to the connection's own socket: it arrives in
    /// [`RawSocket::handle_info`](crate::transport::RawSocket::handle_info).
    ///
    /// A connection that ends handles no more of them: those that wait and those that still come are
    /// dropped.
    pub fn notify(&self, message: impl Any + Send) {
        self.notify_all([Info::new(message)].into_iter());
    }

    /// Closes the connection once the client has said nothing for `timeout`, counted from when its
    /// task gets to this; none never does. Transports with a timeout of their own, as long-polling
    /// has, keep it beside this one.
    ///
    /// Phoenix counterpart: the timeout that `websocket_init` of version 0.5 could return.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.notify(Timeout(timeout));
    }

    /// As [`notify`](Self::notify), for several messages at once. They are made under the lock and
    /// must not be the application's.
    pub(crate) fn notify_all(&self, mut messages: impl Iterator<Item = Info>) {
        let Some(first) = messages.next() else { return };
        let taken = {
            let mut mailbox = self.0.mailbox.lock();
            self.0.signs.mail.put(true);
            mailbox.put(first).and_then(|()| messages.try_for_each(|message| mailbox.put(message)))
        };
        match taken {
            Ok(()) => self.0.waker.wake(),
            Err((Refusal::Ended, _)) => {}
            Err((Refusal::Full, _)) => self.overflow(),
        }
    }

    /// Ends the connection because it does not get to its internal messages.
    pub(crate) fn overflow(&self) {
        log::overflowed();
        self.close(CloseCode::TRY_AGAIN, Reason::failed("too many messages wait"));
    }

    /// Ends the connection with a close code, after what was sent before.
    pub fn close(&self, code: CloseCode, reason: Reason) {
        self.0.mailbox.lock().end(reason);
        let sent = self.with_outbox(|outbox| outbox.close(code));
        self.after(sent);
    }

    /// Closes as [`close`](Self::close) does, with words for the client, of which at most 123 bytes
    /// are sent; or without a code, and then without words. Over transports that have no close frame
    /// the client gets neither.
    ///
    /// Phoenix counterpart: `:close` and `{:close, code, text}` of version 0.5.
    pub fn close_saying(&self, code: Option<CloseCode>, text: &str, reason: Reason) {
        self.0.mailbox.lock().end(reason);
        let frame = close_frame_saying(code, text);
        let code = code.unwrap_or(CloseCode::NORMAL);
        let sent = self.with_outbox(|outbox| outbox.close_with(code, &frame));
        self.after(sent);
    }

    fn after(&self, sent: Sent) {
        match sent {
            Sent::Done | Sent::Gone => {}
            Sent::Wake => self.0.waker.wake(),
        }
    }

    /// Looks whether the client reads too slowly, after an attempt to write, and closes if it does.
    pub(crate) fn look(&self) -> Reader {
        let looked = self.with_outbox(|outbox| {
            outbox.look()?;
            Ok(outbox.behind().map(|behind| Reader::Behind {
                closes_at: behind.closes_at(outbox.limits()),
                is_held_back: behind.is_held_back(),
            }))
        });
        match looked {
            Ok(behind) => behind.unwrap_or(Reader::KeepsUp),
            Err(slow) => {
                let reason = Reason::failed("the client reads too slowly");
                self.0.mailbox.lock().end(reason);
                Reader::Slow(slow)
            }
        }
    }

    /// Whether more waits than the client should let wait.
    pub(crate) fn is_behind(&self) -> bool {
        self.0.signs.behind.is_up()
    }

    /// Forgets what waits in front of the close frame, for a client that had its time to read it.
    pub(crate) fn skip_to_close(&self) {
        self.with_outbox(Outbox::skip_to_close);
    }

    /// Holds back what is sent until the next [`poll_frames`](Self::poll_frames) or flush, so that
    /// all answers to one read leave in one write.
    pub fn cork(&self) {
        self.0.signs.cork.put(true);
    }

    /// Whether internal messages wait.
    pub(crate) fn has_messages(&self) -> bool {
        self.0.signs.mail.is_up()
    }

    /// The next internal messages, oldest first.
    pub fn take_messages(&self) -> Vec<Info> {
        let mut mailbox = self.0.mailbox.lock();
        self.0.signs.mail.put(false);
        mailbox.take()
    }

    /// Whether and why the connection is to end. That a client reads too slowly is found here.
    pub fn ending(&self) -> Option<(CloseCode, Reason)> {
        if let Reader::Slow(slow) = self.look() {
            let Slow { waiting, limit, behind } = slow;
            log::slow_reader(Party::default(), waiting, limit, behind);
        }
        let state = self.0.outbox().state();
        match state {
            State::Open | State::Closed => None,
            State::Closing(code) => {
                let reason = self.0.mailbox.lock().ending().cloned().unwrap_or(Reason::Closed);
                Some((code, reason))
            }
        }
    }

    /// Why the connection is to end, if the server failed to serve it.
    pub(crate) fn failure(&self) -> Option<(CloseCode, Reason)> {
        let failed = |code| matches!(code, CloseCode::INTERNAL | CloseCode::TRY_AGAIN);
        self.ending().filter(|(code, _)| failed(*code))
    }

    /// Whether a close frame was queued.
    pub(crate) fn is_ending(&self) -> bool {
        self.0.signs.ending.is_up()
    }

    /// Makes `task` the one that is woken by messages, closing, and by what it has to write.
    pub fn register(&self, task: &Context<'_>) {
        self.0.waker.register(task.waker());
    }

    /// Lets out what was [held back](Self::cork), after what has to come before it.
    pub fn uncork(&self) {
        loop {
            let due = self.0.outbox().uncork();
            if due.is_empty() {
                return;
            }
            for Due(work) in due {
                work();
            }
        }
    }

    /// Does `work` before anything that is held back leaves, or at once if nothing is.
    pub(crate) fn before_flush(&self, work: impl FnOnce() + Send + 'static) {
        let not_held = self.0.outbox().put_off(Due(Box::new(work)));
        if let Some(Due(work)) = not_held {
            work();
        }
    }

    /// Whoever waited for room, and has it after this, is woken.
    pub(super) fn with_outbox<T>(&self, use_it: impl FnOnce(&mut Outbox) -> T) -> T {
        using(self.0.outbox(), |outbox| use_it(outbox))
    }

    /// The connection is gone: whatever still waits is given up.
    pub fn abandon(&self) {
        self.0.signs.cork.put(false);
        let due = self.with_outbox(Outbox::abandon);
        for Due(work) in due {
            work();
        }
        self.close_mailbox(Reason::Closed);
    }

    /// Drops what this connection was notified of, now and from now on. Only its own task calls
    /// this, as the application's destructors run in it.
    pub(crate) fn close_mailbox(&self, reason: Reason) {
        let letters = {
            let mut mailbox = self.0.mailbox.lock();
            mailbox.end(reason);
            mailbox.take()
        };
        drop(letters);
    }

    /// Lets nothing more of the client be read until [`release`](Self::release), and tells whether
    /// that is new.
    pub(crate) fn hold(&self) -> bool {
        !self.0.held.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn release(&self) {
        self.0.held.store(false, Ordering::Relaxed);
        self.0.waker.wake();
    }

    pub(crate) fn is_held(&self) -> bool {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Tells this connection from others that live.
    pub(crate) fn id(&self) -> ConnectionId {
        ConnectionId(Arc::as_ptr(&self.0).addr())
    }

    pub(crate) fn downgrade(&self) -> WeakConnection {
        WeakConnection(Arc::downgrade(&self.0))
    }
}

/// Whoever waited for room, and has it after this, is woken.
pub(super) fn using<T>(
    mut outbox: OutboxGuard<'_>,
    use_it: impl FnOnce(&mut OutboxGuard<'_>) -> T,
) -> T {
    let result = use_it(&mut outbox);
    let waiters = outbox.take_waiters();
    drop(outbox);
    for (_, waker) in waiters {
        waker.wake();
    }
    result
}

fn is_taken_back(allowed: Option<&AtomicBool>) -> bool {
    allowed.is_some_and(|allowed| !allowed.load(Ordering::Relaxed))
}

/// How a client gets on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    KeepsUp,
    /// More waits than it should let wait.
    Behind {
        /// When it is closed for that; none if that is out of reach.
        closes_at: Option<Instant>,
        /// Whether its own messages have to wait.
        is_held_back: bool,
    },
    /// It was closed.
    Slow(Slow),
}

/// See [`Connection::set_timeout`].
pub(crate) struct Timeout(pub(crate) Option<Duration>);

/// See [`Connection::id`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionId(usize);

/// A connection that may be gone, for lists that must not keep it.
#[derive(Clone)]
pub(crate) struct WeakConnection(std::sync::Weak<Shared>);

impl WeakConnection {
    pub(crate) fn upgrade(&self) -> Option<Connection> {
        self.0.upgrade().map(Connection)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither what waits, which is a client's, nor a lock that whoever prints may hold.
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
