//! The stream below an HTTP connection, and the clock that knows what the connection waits for.
//!
//! The HTTP library has one deadline, from the end of an answer to the end of the next head. It
//! cannot tell a connection that is kept for later from a client that dawdles over its head, and
//! has none for a client that does not read. So the clock is ours: the stream tells it when bytes
//! come and when none are taken, the service when a head is whole and when an answer is made.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::listener::Wire;
use crate::endpoint::ServerOptions;

/// How long a client may take to send the head of a request: the first one from when the client
/// connects, another one from its first byte.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the phases of a connection may last that are for the operator to set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// Between two requests.
    pub(super) idle: Duration,
    /// While bytes wait to be written and none is taken.
    pub(super) write: Duration,
}

impl Timeouts {
    pub(super) fn of(options: &ServerOptions) -> Self {
        Self { idle: options.longest_idle(), write: options.longest_write() }
    }
}

/// Why a connection is not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The head of a request did not become whole.
    Head,
    /// No further request came.
    Idle,
    /// The client took nothing of an answer.
    Write,
}

/// What an HTTP connection waits for, and since when. Its stream, its service and its task share
/// it, and all of them run in that task.
#[derive(Clone)]
pub(super) struct Clock(Arc<Mutex<State>>);

struct State {
    timeouts: Timeouts,
    phase: Phase,
    last_read: LastRead,
    /// Since when bytes wait to be written without any being taken.
    stuck: Option<Instant>,
    /// Whether nothing follows what has been written.
    is_closing: bool,
}

#[derive(Clone, Copy)]
enum Phase {
    /// A head is on its way.
    Head { since: Instant },
    /// A request is being answered.
    Answering { body: RequestBody },
    /// The last answer is made, and nothing has come of a next request.
    Idle { since: Instant, has_unread: bool },
}

/// What comes behind the head of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestBody {
    None,
    /// As far as is known, not all of it has been read.
    Unread,
    Read,
}

/// Where the bytes end that have been read, as far as they are heads. One read may bring several,
/// and the beginning of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastRead {
    /// Behind a head, or before the first one.
    Between,
    /// Within a line of a head.
    Line,
    /// Behind a line of a head. An empty line ends it.
    LineEnd,
}

impl LastRead {
    /// The last two lines tell.
    fn then(self, bytes: &[u8]) -> Self {
        let mut lines = bytes.rsplit(|byte| *byte == b'\n');
        let is_empty =
            |line: Option<&[u8]>| line.is_none_or(|line| line.iter().all(|byte| *byte == b'\r'));
        let is_begun = !is_empty(lines.next());
        let (last, before) = (lines.next(), lines.next());
        match (last, self) {
            _ if is_begun => Self::Line,
            (None, _) => self,
            (Some(_), _) if !is_empty(last) => Self::LineEnd,
            // It ends a line of which the beginning came before.
            (Some(_), Self::Line) if before.is_none() => Self::LineEnd,
            _ => Self::Between,
        }
    }
}

impl Clock {
    /// For a connection that has just come.
    pub(super) fn start(timeouts: Timeouts) -> Self {
        let phase = Phase::Head { since: Instant::now() };
        let last_read = LastRead::Between;
        let (stuck, is_closing) = (None, false);
        Self(Arc::new(Mutex::new(State { timeouts, phase, last_read, stuck, is_closing })))
    }

    /// The head of a request is whole.
    pub(super) fn answering(&self, body: RequestBody) {
        self.0.lock().phase = Phase::Answering { body };
    }

    /// The answer to the request is made, though it may not be written.
    pub(super) fn answered(&self) {
        let mut state = self.0.lock();
        let Phase::Answering { body } = state.phase else { return };
        if body != RequestBody::None {
            // A body may end in any read. If that was the beginning of a head as well, its time
            // begins with the next read.
            state.last_read = LastRead::Between;
        }
        let since = Instant::now();
        state.phase = match state.last_read {
            LastRead::Between => Phase::Idle { since, has_unread: body == RequestBody::Unread },
            LastRead::Line | LastRead::LineEnd => Phase::Head { since },
        };
    }

    fn has_read(&self, bytes: &[u8]) {
        let mut state = self.0.lock();
        if let Phase::Answering { body: RequestBody::Unread | RequestBody::Read } = state.phase {
            return;
        }
        state.last_read = state.last_read.then(bytes);
        if let (Phase::Idle { .. }, LastRead::Line) = (state.phase, state.last_read) {
            state.phase = Phase::Head { since: Instant::now() };
        }
    }

    fn has_written(&self) {
        self.0.lock().stuck = None;
    }

    fn is_stuck(&self) {
        self.0.lock().stuck.get_or_insert_with(Instant::now);
    }

    /// Whether the client has been handed all that there is.
    pub(super) fn has_written_all(&self) -> bool {
        self.0.lock().stuck.is_none()
    }

    /// Whether nothing is to be done until the client sends something.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.0.lock();
        let is_done = state.stuck.is_none() && !state.is_closing;
        is_done && matches!(state.phase, Phase::Idle { has_unread: false, .. })
    }

    /// Nothing follows what has been written.
    fn closes(&self) {
        self.0.lock().is_closing = true;
    }

    /// What is waited for, and until when.
    fn deadline(&self) -> Option<(Instant, Late)> {
        let state = self.0.lock();
        let phase = match state.phase {
            Phase::Head { since } => Some((since + HEAD_TIMEOUT, Late::Head)),
            Phase::Answering { .. } => None,
            Phase::Idle { since, .. } => Some((since + state.timeouts.idle, Late::Idle)),
        };
        // While an answer is on its way, the client is not idle.
        let stuck = state.stuck.map(|since| (since + state.timeouts.write, Late::Write));
        stuck.or(phase)
    }

    /// Waits until something has taken too long. To be asked after everything else has been polled.
    ///
    /// The timer is not moved with every request: when it fires too early, it is set again.
    pub(super) fn poll_late(
        &self,
        mut timer: Pin<&mut Sleep>,
        task: &mut Context<'_>,
    ) -> Poll<Late> {
        let Some((deadline, late)) = self.deadline() else { return Poll::Pending };
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(task));
            if deadline <= Instant::now() {
                return Poll::Ready(late);
            }
            timer.as_mut().reset(deadline);
        }
    }
}

/// A stream whose clock sees what is read and written.
pub(super) struct HttpStream {
    stream: Wire,
    clock: Clock,
    /// What is read again before the stream. The clock has seen it.
    again: Bytes,
}

/// What is read at once of a client that should have nothing to say.
const EARLY: usize = 256;

/// What is read of a request before the HTTP library is there, which has room for more: most heads are
/// shorter, with the cookies of a browser too.
const HEAD: usize = 4096;

impl HttpStream {
    pub(super) fn new(stream: Wire, clock: Clock) -> Self {
        Self { stream, clock, again: Bytes::new() }
    }

    /// The stream, and what is to be read before it.
    pub(super) fn into_inner(self) -> (Wire, Bytes) {
        (self.stream, self.again)
    }

    /// What was read ahead.
    pub(super) fn ahead(&self) -> &Bytes {
        &self.again
    }

    /// Takes the first of what was read ahead.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        self.again.split_to(length)
    }

    /// Makes these bytes come first.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.again = [bytes, &self.again].concat().into();
        }
    }

    /// Waits until the client is gone, which nobody finds out any more once it has sent something: that
    /// is kept, and the rest of it left to the kernel. What is written reaches the client meanwhile.
    pub(super) fn poll_gone(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Err(_)) = Pin::new(&mut *self).poll_flush(task) {
            return Poll::Ready(());
        }
        if !self.again.is_empty() {
            return Poll::Pending;
        }
        if ready!(self.poll_some::<EARLY>(task)) { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Waits for more of a client that should have more to say, and tells whether there is any. Empty
    /// lines before a request are part of none.
    pub(super) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<bool> {
        if !self.again.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            // It came while the last request was answered, when nobody asked when it began.
            self.clock.has_read(&self.again);
            return Poll::Ready(true);
        }
        self.again = Bytes::new();
        // Whether something can be read is not asked: of a connection that has just come, the runtime
        // says so unseen.
        self.poll_some::<HEAD>(task)
    }

    /// Waits for something to come, which is kept, or for the end.
    fn poll_some<const MOST: usize>(&mut self, task: &mut Context<'_>) -> Poll<bool> {
        let mut some = [const { MaybeUninit::uninit() }; MOST];
        let mut buffer = ReadBuf::uninit(&mut some);
        let read = ready!(Pin::new(&mut *self).poll_read(task, &mut buffer));
        self.put_back(buffer.filled());
        Poll::Ready(read.is_ok() && !self.again.is_empty())
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(_) => self.clock.has_written(),
            Poll::Pending => self.clock.is_stuck(),
        }
        written
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.again.is_empty() {
            let count = self.again.len().min(buffer.remaining());
            buffer.put_slice(&self.again.split_to(count));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(task, buffer))?;
        self.clock.has_read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, slices);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.clock.closes();
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, time::Duration};

    use futures_util::FutureExt;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{advance, sleep},
    };

    use super::{Clock, HEAD_TIMEOUT, HttpStream, LastRead, Late, RequestBody, Timeouts, Wire};

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> Clock {
        Clock::start(Timeouts { idle: 2 * SECOND, write: 30 * SECOND })
    }

    fn late(clock: &Clock) -> Option<Late> {
        let mut timer = pin!(sleep(HEAD_TIMEOUT));
        poll_fn(|task| clock.poll_late(timer.as_mut(), task)).now_or_never()
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_between_requests_ends_with_the_first_byte_of_the_next() {
        let clock = clock();
        clock.has_read(b"GET / HTTP/1.1\r\n\r\n");
        clock.answering(RequestBody::None);
        advance(HEAD_TIMEOUT).await;
        assert_eq!(late(&clock), None);
        clock.answered();
        advance(SECOND).await;
        // Empty lines before a request are part of none.
        clock.has_read(b"\r\n");
        assert_eq!(late(&clock), None);
        clock.has_read(b"G");
        advance(9 * SECOND).await;
        clock.has_read(b"ET");
        assert_eq!(late(&clock), None);
        advance(SECOND).await;
        assert_eq!(late(&clock), Some(Late::Head));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_came_with_another_has_its_time_from_the_answer_on() {
        for (read, late_after_idle) in [
            ("A\r\n\r\n", Some(Late::Idle)),
            ("A\r\nB\r\n\r\nA\n\nA\r\n\r\n\r\n", Some(Late::Idle)),
            ("A\r\n\r\nA", None),
            ("A\r\n\r\nA\r\n", None),
        ] {
            let clock = clock();
            clock.has_read(read.as_bytes());
            clock.answering(RequestBody::None);
            clock.answered();
            advance(2 * SECOND).await;
            assert_eq!(late(&clock), late_after_idle, "{read:?}");
            advance(8 * SECOND).await;
            assert_eq!(late(&clock), late_after_idle.or(Some(Late::Head)), "{read:?}");
        }
    }

    #[test]
    fn heads_end_wherever_they_are_cut() {
        let all = b"\r\nA\r\nB\n\r\n\nA: b\n\r\rC\r\r\n\r\n\r\nD";
        let one_by_one = |bytes: &[u8]| {
            bytes.iter().fold(LastRead::Between, |at, byte| match (at, byte) {
                (_, b'\r') | (LastRead::Between, b'\n') => at,
                (LastRead::Line, b'\n') => LastRead::LineEnd,
                (LastRead::LineEnd, b'\n') => LastRead::Between,
                _ => LastRead::Line,
            })
        };
        for end in 0..=all.len() {
            for cut in 0..=end {
                let read = LastRead::Between.then(&all[..cut]).then(&all[cut..end]);
                assert_eq!(read, one_by_one(&all[..end]), "{cut} {end}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_is_late_however_much_is_to_be_written() {
        let clock = clock();
        clock.answering(RequestBody::None);
        clock.is_stuck();
        clock.answered();
        advance(29 * SECOND).await;
        clock.is_stuck();
        assert_eq!(late(&clock), None);
        clock.has_written();
        clock.is_stuck();
        advance(29 * SECOND).await;
        assert_eq!(late(&clock), None);
        advance(SECOND).await;
        assert_eq!(late(&clock), Some(Late::Write));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_to_be_done_once_a_request_was_read_and_its_answer_taken() {
        let clock = clock();
        assert!(!clock.is_idle());
        for (body, is_idle) in
            [(RequestBody::None, true), (RequestBody::Unread, false), (RequestBody::Read, true)]
        {
            clock.has_read(b"GET / HTTP/1.1\r\n\r\n");
            clock.answering(body);
            clock.is_stuck();
            assert!(!clock.is_idle());
            clock.answered();
            assert!(!clock.is_idle());
            clock.has_written();
            assert_eq!(clock.is_idle(), is_idle);
        }
        clock.has_read(b"\r\n");
        assert!(clock.is_idle());
        clock.closes();
        assert!(!clock.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_is_found_to_be_gone_unless_it_said_something_before() {
        for (said, is_found) in [("", true), ("GET", false)] {
            let (mut client, server) = duplex(64);
            let mut stream = HttpStream::new(Wire::Other(Box::new(server)), clock());
            let gone =
                |stream: &mut HttpStream| poll_fn(|task| stream.poll_gone(task)).now_or_never();
            assert_eq!(gone(&mut stream), None);
            client.write_all(said.as_bytes()).await.unwrap();
            drop(client);
            assert_eq!(gone(&mut stream), is_found.then_some(()), "{said:?}");
            // Whatever it said is read again, behind what is put before it.
            stream.put_back(b"A");
            let mut read = String::new();
            stream.read_to_string(&mut read).await.unwrap();
            assert_eq!(read, format!("A{said}"));
        }
    }
}
