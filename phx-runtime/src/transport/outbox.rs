//! What waits to be written to one connection.
//!
//! Everything that leaves goes through here as whole WebSocket frames: shared ones (broadcasts) as
//! they are, the connection's own (replies, pushes) gathered in one buffer. While nothing waits and
//! the socket takes bytes, a frame is written on the spot by whoever sends it; what the socket
//! does not take waits, and then later frames wait behind it, so that order holds. The connection's
//! task writes what waits, in one system call as far as it goes.
//!
//! While the task handles what it has read, the outbox is corked: all answers to one read, and what
//! others send meanwhile, leave in one write.

use std::{
    cell::Cell,
    collections::VecDeque,
    fmt,
    io::{self, IoSlice},
    net::Shutdown,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::net::tcp::OwnedWriteHalf;

use super::{
    frame::CloseCode,
    websocket::{close_frame, server_frame_len},
};

/// Frames up to this size are copied behind each other; larger ones are kept shared.
const COPY_LIMIT: usize = 1024;

/// Buffers written in one system call.
const MAX_SLICES: usize = 64;

/// A thread keeps a buffer up to this size for the next frames of its own.
const SPARE_LIMIT: usize = 64 * 1024;

thread_local! {
    /// Where a connection's own frames are gathered until they are written. It belongs to the
    /// thread, so that neither is memory allocated for each answer nor held by idle connections.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[derive(Debug)]
pub(super) struct Outbox {
    state: State,
    corked: bool,
    /// What has to happen before anything is written again.
    due: Vec<Due>,
    /// Bytes that wait, the written part of the first buffer not counted.
    waiting: usize,
    /// How much of the first buffer is written. Buffers start at frame boundaries.
    written: usize,
    sealed: VecDeque<Bytes>,
    /// The newest frames, not shared with anybody and still growing.
    tail: Vec<u8>,
    limit: usize,
    /// The socket, where writing needs no task: plain TCP. Dropped with the connection, whoever
    /// still holds a handle to it.
    socket: Option<OwnedWriteHalf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// A close frame is queued or written; nothing more is taken.
    Closing(CloseCode),
    /// The connection is gone.
    Closed,
}

/// Work that was put off.
pub(super) struct Due(pub(super) Box<dyn FnOnce() + Send>);

impl fmt::Debug for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Due")
    }
}

/// What a sender has to do after it queued something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Sent {
    /// Nothing: it is written, or the task will look by itself.
    Done,
    /// The task must be woken to write the rest, or to close.
    Wake,
    /// The reader was too slow: the task must be woken to close, and this is to be reported.
    Overflow,
    /// The connection takes nothing any more.
    Gone,
}

impl Outbox {
    pub(super) fn new(limit: usize, socket: Option<OwnedWriteHalf>) -> Self {
        Self {
            state: State::Open,
            corked: false,
            due: Vec::new(),
            waiting: 0,
            written: 0,
            sealed: VecDeque::new(),
            tail: Vec::new(),
            limit,
            socket,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Holds everything back until [`uncork`](Self::uncork).
    pub(super) fn cork(&mut self) {
        self.corked = true;
    }

    /// Lets frames out again, unless something is due before: that is returned, to be done without
    /// the lock and before asking again.
    #[must_use]
    pub(super) fn uncork(&mut self) -> Vec<Due> {
        let due = std::mem::take(&mut self.due);
        self.corked &= !due.is_empty();
        due
    }

    /// Puts something off until what is held back is let out; gives it back if nothing is held.
    pub(super) fn put_off(&mut self, work: Due) -> Option<Due> {
        if !self.corked {
            return Some(work);
        }
        self.due.push(work);
        None
    }

    /// Sends frames that others share.
    pub(super) fn send(&mut self, frames: &Bytes) -> Sent {
        if self.state != State::Open {
            return Sent::Gone;
        }
        if !self.has_room() {
            self.close_over_backlog();
            return Sent::Overflow;
        }
        let mut done = 0;
        if !self.corked
            && self.is_empty()
            && let Some(socket) = &self.socket
        {
            match socket.try_write(frames) {
                Ok(written) if written == frames.len() => return Sent::Done,
                Ok(written) => done = written,
                // Whether it is full or broken, the task finds out when it writes.
                Err(_) => {}
            }
        }
        let was_idle = self.is_empty();
        if done == 0 && frames.len() <= COPY_LIMIT {
            self.tail.extend_from_slice(frames);
        } else {
            self.seal();
            if self.sealed.is_empty() {
                self.written = done;
            }
            self.sealed.push_back(frames.clone());
        }
        self.queued(frames.len() - done, was_idle)
    }

    /// Sends one frame that `encode` appends; on its error nothing is sent.
    pub(super) fn send_with<E>(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Sent, E> {
        if self.state != State::Open {
            return Ok(Sent::Gone);
        }
        if !self.has_room() {
            self.close_over_backlog();
            return Ok(Sent::Overflow);
        }
        let was_idle = self.is_empty();
        if was_idle && self.socket.is_some() {
            self.tail = SPARE.take();
        }
        let before = self.tail.len();
        let encoded = encode(&mut self.tail);
        let added = self.tail.len() - before;
        if was_idle && added == 0 {
            self.release_tail();
        }
        encoded?;
        if was_idle
            && !self.corked
            && let Some(socket) = &self.socket
        {
            // An error is found again by the task.
            let written = socket.try_write(&self.tail).unwrap_or(0);
            if written == added {
                self.release_tail();
                return Ok(Sent::Done);
            }
            self.seal();
            self.written = written;
            return Ok(self.queued(added - written, true));
        }
        Ok(self.queued(added, was_idle))
    }

    /// Gives the buffer back that nothing waits in any more.
    fn release_tail(&mut self) {
        let mut tail = std::mem::take(&mut self.tail);
        if tail.capacity() <= SPARE_LIMIT {
            tail.clear();
            SPARE.set(tail);
        }
    }

    fn queued(&mut self, bytes: usize, was_idle: bool) -> Sent {
        self.waiting += bytes;
        if was_idle && !self.corked { Sent::Wake } else { Sent::Done }
    }

    /// Whether one more message is taken. What counts is how much waits already, so that a message
    /// may be larger than the limit: the reader had no chance to be slow. What a cork holds back is
    /// not the reader's fault either, and is offered to the socket first.
    fn has_room(&mut self) -> bool {
        if self.waiting > self.limit && self.corked {
            while let Ok(written) = self.try_write() {
                self.advance(written);
                if self.waiting <= self.limit {
                    break;
                }
            }
        }
        self.waiting <= self.limit
    }

    /// Queues a close frame behind what waits; only the first one counts.
    pub(super) fn close(&mut self, code: CloseCode) -> Sent {
        if self.state != State::Open {
            return Sent::Gone;
        }
        self.put_close(code);
        Sent::Wake
    }

    fn put_close(&mut self, code: CloseCode) {
        let frame = close_frame(code);
        self.waiting += frame.len();
        self.tail.extend_from_slice(&frame);
        self.state = State::Closing(code);
    }

    /// Queues the last frame of a closing handshake that the client began.
    pub(super) fn answer_close(&mut self, code: CloseCode, frame: &[u8]) {
        if self.state == State::Open {
            self.waiting += frame.len();
            self.tail.extend_from_slice(frame);
            self.state = State::Closing(code);
        }
    }

    /// Forgets what waits, but for the rest of a frame that is already partly written, and closes.
    fn close_over_backlog(&mut self) {
        self.seal();
        let rest = self.sealed.pop_front().map_or_else(Bytes::new, |front| {
            let end = frame_end(&front, self.written);
            front.slice(..end)
        });
        self.sealed.clear();
        self.waiting = rest.len() - self.written.min(rest.len());
        if self.waiting > 0 {
            self.sealed.push_back(rest);
        } else {
            self.written = 0;
        }
        self.put_close(CloseCode::TRY_AGAIN);
    }

    /// The connection is gone: gives all memory back.
    #[must_use]
    pub(super) fn abandon(&mut self) -> Vec<Due> {
        self.state = State::Closed;
        self.sealed = VecDeque::new();
        self.tail = Vec::new();
        self.waiting = 0;
        self.written = 0;
        self.socket = None;
        self.corked = false;
        std::mem::take(&mut self.due)
    }

    /// Tells the client that nothing more comes.
    pub(super) fn shut_down(&self) {
        if let Some(socket) = &self.socket {
            // The other end may be gone already, which is just as well.
            let _ = SockRef::from(socket.as_ref()).shutdown(Shutdown::Write);
        }
    }

    /// Lets the tail wait with the other buffers. It waits in no more memory than it needs.
    fn seal(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        if self.tail.len() < self.tail.capacity() / 2 {
            self.sealed.push_back(Bytes::copy_from_slice(&self.tail));
            self.release_tail();
        } else {
            self.sealed.push_back(std::mem::take(&mut self.tail).into());
        }
    }

    /// Writes what waits to the socket. Memory goes back once nothing waits.
    pub(super) fn poll_write(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            match self.try_write() {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Some(socket) = &self.socket else { break };
                    ready!(socket.as_ref().poll_write_ready(task))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.sealed = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    fn try_write(&mut self) -> io::Result<usize> {
        if self.sealed.is_empty()
            && let Some(socket) = &self.socket
        {
            let written = socket.try_write(&self.tail);
            if written.as_ref().is_ok_and(|written| *written == self.tail.len()) {
                self.release_tail();
            } else {
                self.seal();
            }
            return written;
        }
        self.seal();
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut skip = self.written;
        let mut count = 0;
        for (slice, buffer) in slices.iter_mut().zip(&self.sealed) {
            *slice = IoSlice::new(&buffer[skip..]);
            skip = 0;
            count += 1;
        }
        match &slices[..count] {
            [only] => socket.try_write(only),
            several => socket.try_write_vectored(several),
        }
    }

    /// What waits, for writers that are not a TCP socket; [`advance`](Self::advance) takes it off.
    pub(super) fn front(&mut self) -> Option<Bytes> {
        self.seal();
        let front = self.sealed.front()?;
        Some(front.slice(self.written..))
    }

    pub(super) fn advance(&mut self, mut written: usize) {
        self.waiting -= written;
        while let Some(front) = self.sealed.front() {
            let left = front.len() - self.written;
            if written < left {
                self.written += written;
                return;
            }
            written -= left;
            self.written = 0;
            self.sealed.pop_front();
        }
    }

    /// Takes out everything that waits, in whole frames.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.seal();
        self.waiting = 0;
        let mut taken: Vec<_> = std::mem::take(&mut self.sealed).into();
        if let Some(first) = taken.first_mut() {
            first.advance(std::mem::take(&mut self.written));
        }
        taken
    }
}

/// Where the frame ends that position `at` lies in; `at` itself if that is a boundary.
fn frame_end(frames: &[u8], at: usize) -> usize {
    let mut end = 0;
    while end < at {
        match server_frame_len(&frames[end..]) {
            Some(frame) => end += frame.total_len,
            None => return frames.len(),
        }
    }
    end.min(frames.len())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Outbox, Sent, State};
    use crate::transport::{CloseCode, websocket::put_text_frame};

    fn frame(text: &str) -> Bytes {
        let mut frame = Vec::new();
        put_text_frame(&mut frame, |buffer| buffer.extend_from_slice(text.as_bytes()));
        frame.into()
    }

    fn all(outbox: &mut Outbox) -> Vec<u8> {
        outbox.take().concat()
    }

    #[test]
    fn shared_and_own_frames_leave_in_the_order_they_were_sent() {
        let mut outbox = Outbox::new(1 << 20, None);
        let large = frame(&"x".repeat(5000));
        assert_eq!(outbox.send(&frame("a")), Sent::Wake);
        assert_eq!(outbox.send(&large), Sent::Done);
        let own = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(&frame("b"));
            Ok::<_, ()>(())
        };
        assert_eq!(outbox.send_with(own), Ok(Sent::Done));
        assert_eq!(outbox.waiting, large.len() + 6);
        assert_eq!(all(&mut outbox), [&frame("a")[..], &large, &frame("b")].concat());
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_reader_that_is_too_slow_is_closed_at_a_frame_boundary() {
        let mut outbox = Outbox::new(100, None);
        let two = Bytes::from([&frame("one")[..], &frame("two")].concat());
        let _ = outbox.send(&two);
        outbox.front().unwrap();
        outbox.advance(2);
        assert_eq!(outbox.send(&frame(&"x".repeat(120))), Sent::Done);
        assert_eq!(outbox.send(&frame("too much")), Sent::Overflow);
        assert_eq!(outbox.state(), State::Closing(CloseCode::TRY_AGAIN));
        assert_eq!(outbox.send(&frame("late")), Sent::Gone);
        let left = all(&mut outbox);
        assert_eq!(left, [&b"one"[..], &[0x88, 2, 0x03, 0xf5]].concat());
    }

    #[test]
    fn a_message_above_the_limit_is_taken_while_little_waits() {
        let mut outbox = Outbox::new(100, None);
        let large = frame(&"x".repeat(5000));
        assert_eq!(outbox.send(&frame("a")), Sent::Wake);
        assert_eq!(outbox.send(&large), Sent::Done);
        assert_eq!(all(&mut outbox), [&frame("a")[..], &large].concat());
        assert_eq!(outbox.state(), State::Open);
    }
}
