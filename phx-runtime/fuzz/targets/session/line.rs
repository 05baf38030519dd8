//! The line between a client and the server, in memory.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as Task, Poll, Wake},
};

use phx_runtime::transport::{Connection, Frame, Outcome, Outgoing, Received, Text, Transport};

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is on its way between a client and the server.
#[derive(Default)]
pub struct Line {
    /// Messages for the server, and whether they are sure to be some.
    pub up: VecDeque<(Frame, bool)>,
    pub down: Vec<Outgoing>,
    /// Whether the client has closed.
    pub is_closed: bool,
}

/// The transport under which the server serves a client.
pub struct Wire {
    pub line: Arc<Mutex<Line>>,
    /// Whether what is handled is sure to be a message.
    pub is_message: bool,
}

impl Wire {
    fn next(&mut self) -> Option<Received> {
        let (frame, is_message) = locked(&self.line).up.pop_front()?;
        self.is_message = is_message;
        Some(Received::Message(frame))
    }
}

impl Transport for Wire {
    fn received(&mut self, _: &Connection) -> Option<Received> {
        self.next()
    }

    fn poll_receive(&mut self, task: &mut Task<'_>, connection: &Connection) -> Poll<Received> {
        self.next().map_or_else(|| self.poll_gone(task, connection), Poll::Ready)
    }

    /// Whoever changes anything polls.
    fn poll_gone(&mut self, _: &mut Task<'_>, _: &Connection) -> Poll<Received> {
        if !locked(&self.line).is_closed {
            return Poll::Pending;
        }
        Poll::Ready(Received::Closed { code: None, text: Text::default() })
    }

    fn poll_send(&mut self, _: &mut Task<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        let frames = connection.take_frames();
        locked(&self.line).down.extend(frames);
        Poll::Ready(Ok(()))
    }

    fn handled(&mut self, outcome: Outcome) {
        assert!(outcome == Outcome::Taken || !self.is_message, "{outcome:?}");
    }
}

/// Whether a task has been woken.
#[derive(Default)]
pub struct Woken(pub AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
