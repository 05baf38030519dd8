//! What waits to be written to one connection, and who writes it.
//!
//! Everything that leaves goes through here as whole WebSocket frames. While nothing waits and the
//! socket takes bytes, a frame is written on the spot by whoever sends it; what the socket does not
//! take waits, and then later frames wait behind it, so that order holds. The connection's task
//! writes what waits, in one system call as far as it goes.
//!
//! While the task handles what it has read, the outbox is corked: all answers to one read, and what
//! others send meanwhile, leave in one write.

use std::{
    fmt,
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{net::tcp::OwnedWriteHalf, time::Instant};

use super::{
    backlog::{BacklogLimits, Behind, Slow},
    budget::Share,
    queue::FrameQueue,
};
use crate::wire::{CloseCode, OpCode, close_frame};

/// Buffers written in one system call.
const MAX_SLICES: usize = 64;

#[derive(Debug)]
#[expect(clippy::box_collection, reason = "there is none while a connection is idle")]
pub(crate) struct Outbox {
    state: State,
    /// As the task has said before the lock was taken.
    corked: bool,
    /// What has to happen before anything is written again. Boxed, as are the following, because an
    /// idle connection has none of them.
    due: Option<Box<Vec<Due>>>,
    queue: FrameQueue,
    /// Those of the mount.
    limits: Arc<BacklogLimits>,
    /// There only while more than a little waits.
    pressure: Option<Box<Pressure>>,
    /// Where what waits is counted together with that of others, for some transports.
    share: Option<Box<Share>>,
    /// The socket, where writing needs no task: plain TCP. Dropped with the connection, whoever
    /// still holds a handle to it.
    socket: Option<OwnedWriteHalf>,
}

/// What there is to know while much waits.
#[derive(Debug, Default)]
struct Pressure {
    /// There while more than `max` bytes wait.
    behind: Option<Behind>,
    /// Who waits until less does, each with its number.
    waiters: Vec<(u64, Waker)>,
}

/// The number of the next waiter, on whichever connection.
static NEXT_WAITER: AtomicU64 = AtomicU64::new(0);

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
    /// The connection takes nothing any more.
    Gone,
}

impl Outbox {
    pub(super) fn new(limits: Arc<BacklogLimits>, socket: Option<OwnedWriteHalf>) -> Self {
        Self {
            state: State::Open,
            corked: false,
            due: None,
            queue: FrameQueue::default(),
            limits,
            pressure: None,
            share: None,
            socket,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether everything is held back.
    pub(super) fn cork(&mut self, corked: bool) {
        self.corked = corked;
    }

    /// Puts something off until what is held back is let out; gives it back if nothing is held.
    pub(super) fn put_off(&mut self, work: Due) -> Option<Due> {
        if !self.corked {
            return Some(work);
        }
        self.due.get_or_insert_default().push(work);
        None
    }

    /// What has to happen before anything leaves.
    pub(super) fn take_due(&mut self) -> Vec<Due> {
        self.due.take().map_or_else(Vec::new, |due| *due)
    }

    /// Sends frames that others share.
    pub(super) fn send(&mut self, frames: &Bytes) -> Sent {
        if self.state != State::Open {
            return Sent::Gone;
        }
        let waited = self.queue.len();
        let mut written = 0;
        if !self.corked
            && self.is_empty()
            && let Some(socket) = &self.socket
        {
            // Whether it is full or broken, the task finds out when it writes.
            written = socket.try_write(frames).unwrap_or(0);
            if written == frames.len() {
                return Sent::Done;
            }
        }
        self.queue.push(frames);
        self.queue.advance(written);
        self.queued(waited)
    }

    /// Sends one frame that `encode` appends; on its error nothing is sent.
    pub(super) fn send_with<E>(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Sent, E> {
        if self.state != State::Open {
            return Ok(Sent::Gone);
        }
        let waited = self.queue.len();
        // Without a socket the frame waits for a while, and not in the thread's buffer.
        if self.socket.is_some() {
            self.queue.borrow_spare();
        }
        self.queue.append(encode)?;
        if waited == 0 && !self.corked && self.socket.is_some() {
            // An error is found again by the task.
            let written = self.try_write().unwrap_or(0);
            self.queue.advance(written);
            self.queue.seal();
        }
        Ok(if self.is_empty() { Sent::Done } else { self.queued(waited) })
    }

    /// Something was queued where so much waited before.
    fn queued(&mut self, waited: usize) -> Sent {
        let waiting = self.queue.len();
        self.count();
        let mut to_look_at = self.takes_too_much();
        if waiting > self.limits.max {
            let behind = &mut self.pressure.get_or_insert_default().behind;
            to_look_at = behind.as_ref().is_none_or(|behind| behind.is_over(waiting));
            let behind = behind.get_or_insert_with(|| Behind::new(waited, &self.limits));
            if behind.is_forgotten(&self.limits) {
                self.queue.forget_but_partial();
                self.put_close(CloseCode::TRY_AGAIN);
                self.relax();
                return Sent::Wake;
            }
        }
        // Whoever corks looks when the cork is pulled.
        if !self.corked && (waited == 0 || to_look_at) { Sent::Wake } else { Sent::Done }
    }

    // ---- what waits for several clients together

    /// Counts what waits together with what waits for others.
    pub(super) fn count_in(&mut self, share: Share) {
        self.share = Some(Box::new(share));
        self.count();
    }

    fn count(&mut self) {
        if let Some(share) = &mut self.share {
            share.set(self.queue.len());
        }
    }

    fn takes_too_much(&self) -> bool {
        self.share.as_ref().is_some_and(|share| share.is_too_much())
    }

    // ---- how far the client is behind

    /// Whether more than `max_backlog` bytes wait.
    pub(super) fn is_behind(&self) -> bool {
        self.behind().is_some()
    }

    pub(super) fn behind(&self) -> Option<&Behind> {
        self.pressure.as_ref()?.behind.as_ref()
    }

    pub(super) fn limits(&self) -> &BacklogLimits {
        &self.limits
    }

    /// Looks at the client after an attempt to write, and closes if it is too slow: behind what
    /// waits, so that a client that goes on reading after all loses nothing.
    pub(super) fn look(&mut self) -> Result<(), Slow> {
        let waiting = self.queue.len();
        if self.state == State::Open
            && let Some(share) = self.share.as_ref().filter(|share| share.is_too_much())
        {
            let limit = share.budget().limit();
            // There is no room for it, also not until the client comes.
            self.queue.forget_but_partial();
            self.put_close(CloseCode::TRY_AGAIN);
            self.relax();
            return Err(Slow { waiting, limit, behind: Duration::ZERO });
        }
        let Some(behind) = self.pressure.as_mut().and_then(|pressure| pressure.behind.as_mut())
        else {
            return Ok(());
        };
        if self.state != State::Open {
            return Ok(());
        }
        let looked = behind.look(waiting, &self.limits, Instant::now());
        if looked.is_err() {
            self.put_close(CloseCode::TRY_AGAIN);
        }
        looked
    }

    /// Waits until there is room, as one of any number. The first call sets `number`.
    pub(super) fn poll_room(&mut self, number: &mut Option<u64>, task: &Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        let pressure = self.pressure.get_or_insert_default();
        let number = *number.get_or_insert_with(|| NEXT_WAITER.fetch_add(1, Ordering::Relaxed));
        match pressure.waiters.iter_mut().find(|(known, _)| *known == number) {
            Some((_, waker)) => waker.clone_from(task.waker()),
            None => pressure.waiters.push((number, task.waker().clone())),
        }
        Poll::Pending
    }

    /// A waiter went away.
    pub(super) fn forget_waiter(&mut self, number: u64) {
        if let Some(pressure) = &mut self.pressure {
            pressure.waiters.retain(|(known, _)| *known != number);
        }
        self.relax();
    }

    /// Those who waited for room, once there is some: to be woken without the lock.
    #[must_use]
    pub(super) fn take_waiters(&mut self) -> Vec<(u64, Waker)> {
        if self.pressure.is_none() || !self.has_room() {
            return Vec::new();
        }
        let pressure = self.pressure.take();
        let (behind, waiters) = pressure.map_or_else(Default::default, |p| (p.behind, p.waiters));
        if behind.is_some() {
            self.pressure = Some(Box::new(Pressure { behind, waiters: Vec::new() }));
        }
        waiters
    }

    fn has_room(&self) -> bool {
        self.state != State::Open || self.limits.has_room(self.queue.len())
    }

    /// Less waits than before.
    fn relax(&mut self) {
        self.count();
        let (waiting, limits) = (self.queue.len(), &self.limits);
        let Some(pressure) = &mut self.pressure else { return };
        match &mut pressure.behind {
            Some(behind) if waiting > limits.max => behind.written(waiting, limits),
            behind => *behind = None,
        }
        if pressure.behind.is_none() && pressure.waiters.is_empty() {
            self.pressure = None;
        }
    }

    // ---- the end

    /// Queues a close frame behind what waits; only the first one counts.
    pub(super) fn close(&mut self, code: CloseCode) -> Sent {
        self.close_with(code, &close_frame(code))
    }

    /// The same with a close frame of one's own.
    pub(super) fn close_with(&mut self, code: CloseCode, frame: &Bytes) -> Sent {
        if self.state != State::Open {
            return Sent::Gone;
        }
        self.queue.push(frame);
        self.state = State::Closing(code);
        Sent::Wake
    }

    fn put_close(&mut self, code: CloseCode) {
        self.queue.push(&close_frame(code));
        self.state = State::Closing(code);
    }

    /// Forgets what waits in front of the close frame, for a client that had its time to read it.
    pub(super) fn skip_to_close(&mut self) {
        if let State::Closing(code) = self.state {
            self.queue.forget_but_partial();
            self.put_close(code);
            self.relax();
        }
    }

    /// The connection is gone: gives all memory back.
    #[must_use]
    pub(super) fn abandon(&mut self) -> Vec<Due> {
        self.state = State::Closed;
        self.queue.clear();
        self.relax();
        self.socket = None;
        self.take_due()
    }

    /// Tells the client that nothing more comes.
    pub(super) fn shut_down(&self) {
        if let Some(socket) = &self.socket {
            // The other end may be gone already, which is just as well.
            let _ = SockRef::from(socket.as_ref()).shutdown(Shutdown::Write);
        }
    }

    /// The other end, where that is a socket that is still there.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.peer_addr().ok()
    }

    // ---- writing

    /// Writes what waits to the socket.
    pub(super) fn poll_write(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            match self.try_write() {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.queue.seal();
                    let Some(socket) = &self.socket else { break };
                    ready!(socket.as_ref().poll_write_ready(task))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn try_write(&self) -> io::Result<usize> {
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        if let Some(only) = self.queue.only() {
            return socket.try_write(only);
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = self.queue.fill(&mut slices);
        socket.try_write_vectored(&slices[..count])
    }

    /// What waits, for writers that are not a TCP socket; [`advance`](Self::advance) takes it off.
    pub(super) fn front(&mut self) -> Option<Bytes> {
        self.queue.front()
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.queue.advance(written);
        self.relax();
    }

    /// Takes out what waits, in whole frames, until that is `enough` bytes.
    pub(super) fn take(&mut self, enough: usize) -> Vec<Bytes> {
        let taken = self.queue.take(enough);
        self.relax();
        taken
    }

    /// Takes off the frames that come before the first one with such an opcode, and counts those
    /// that are binary messages.
    pub(super) fn skip_until(&mut self, wanted: impl Fn(OpCode) -> bool) -> usize {
        let mut binary = 0;
        while let Some(frame) = self.queue.first_frame()
            && !wanted(frame.opcode)
        {
            binary += usize::from(frame.opcode == OpCode::Binary);
            self.advance(frame.total_len);
        }
        binary
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicUsize},
        task::{Context, Poll, Wake, Waker},
        time::Duration,
    };

    use bytes::Bytes;
    use tokio::time::advance;

    use super::super::backlog::BacklogLimits;
    use super::{Ordering, Outbox, Sent, State};
    use crate::wire::{CloseCode, close_frame, put_text_frame};

    const SECOND: Duration = Duration::from_secs(1);

    fn outbox(max: usize) -> Outbox {
        Outbox::new(BacklogLimits::new(max).into(), None)
    }

    fn frame(len: usize) -> Bytes {
        let mut frame = Vec::new();
        put_text_frame(&mut frame, |buffer| buffer.resize(buffer.len() + len, b'x'));
        frame.into()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_in_one_go_closes_nobody_however_much_it_is() {
        let mut outbox = outbox(1000);
        for _ in 0..1000 {
            assert_ne!(outbox.send(&frame(100)), Sent::Gone);
        }
        assert_eq!(outbox.look(), Ok(()));
        // Nor does what comes behind it, while the client reads.
        for _ in 0..200 {
            outbox.advance(400);
            let _ = outbox.send(&frame(100));
            assert_eq!(outbox.look(), Ok(()));
        }
        assert_eq!(outbox.state(), State::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_the_hard_limit_closes_at_once_behind_what_waits() {
        let mut outbox = outbox(1000);
        let mut sent = 0;
        let slow = loop {
            let woken = outbox.send(&frame(98)) == Sent::Wake;
            sent += 100;
            // The task looks when it is told to, and now and then.
            if (woken || sent % 500 == 0)
                && let Err(slow) = outbox.look()
            {
                break slow;
            }
        };
        assert_eq!((slow.waiting, slow.limit), (sent, 16_000));
        assert!((16_000..=16_100).contains(&sent), "{sent}");
        assert_eq!(outbox.state(), State::Closing(CloseCode::TRY_AGAIN));
        assert_eq!(outbox.send(&frame(1)), Sent::Gone);
        assert!(outbox.take(usize::MAX).concat().ends_with(&close_frame(CloseCode::TRY_AGAIN)));
    }

    #[tokio::test(start_paused = true)]
    async fn being_above_the_limit_for_too_long_closes_and_getting_below_starts_anew() {
        let mut outbox = outbox(1000);
        let _ = outbox.send(&frame(3000));
        advance(9 * SECOND).await;
        outbox.advance(1000);
        assert_eq!(outbox.look(), Ok(()));
        outbox.advance(1500);
        let _ = outbox.send(&frame(3000));
        advance(9 * SECOND).await;
        assert_eq!(outbox.look(), Ok(()));
        advance(SECOND).await;
        assert_eq!(
            outbox.look().map_err(|slow| (slow.limit, slow.behind)),
            Err((1000, 10 * SECOND))
        );
    }

    #[test]
    fn a_client_that_had_its_time_is_closed_at_a_frame_boundary() {
        let mut outbox = outbox(100);
        let two = Bytes::from([&b"\x81\x03one"[..], b"\x81\x03two"].concat());
        let _ = outbox.send(&two);
        outbox.front().unwrap();
        outbox.advance(2);
        let _ = outbox.send(&frame(120));
        let _ = outbox.close(CloseCode::TRY_AGAIN);
        outbox.skip_to_close();
        assert_eq!(
            outbox.take(usize::MAX).concat(),
            [&b"one"[..], &close_frame(CloseCode::TRY_AGAIN)].concat()
        );
    }

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_room_are_woken_once_when_half_the_limit_is_free_or_at_the_end() {
        for at_the_end in [false, true] {
            let mut outbox = outbox(1000);
            let _ = outbox.send(&frame(996));
            let counts = [(); 3].map(|()| Arc::new(Count(AtomicUsize::new(0))));
            let mut numbers = [None; 3];
            for (count, number) in counts.iter().zip(&mut numbers) {
                let waker = Waker::from(count.clone());
                for _ in 0..3 {
                    let polled = outbox.poll_room(number, &Context::from_waker(&waker));
                    assert_eq!(polled, Poll::Pending);
                }
            }
            outbox.forget_waiter(numbers[1].unwrap());
            outbox.advance(100);
            assert_eq!(outbox.take_waiters().len(), 0);
            if at_the_end {
                assert_eq!(outbox.close(CloseCode::NORMAL), Sent::Wake);
            } else {
                outbox.advance(500);
            }
            for (_, waker) in outbox.take_waiters() {
                waker.wake();
            }
            assert_eq!(counts.map(|count| count.0.load(Ordering::Relaxed)), [1, 0, 1]);
            assert!(outbox.pressure.is_none());
        }
    }
}
