//! What waits for a client, as transports take it.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    budget::Budget,
    handle::{Connection, using},
    outbox::{Due, Outbox},
};
use crate::{
    log,
    wire::{Frame, OpCode, server_frames},
};

/// What a transport writes out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outgoing {
    /// A message.
    Frame(Frame),
    /// A ping with its payload.
    Ping(Bytes),
    /// Nothing follows; [`Connection::ending`] tells the code.
    Close,
}

impl Connection {
    /// Takes out all frames that wait, for transports that have no stream of bytes to write to.
    pub fn poll_frames(&self, task: &Context<'_>) -> Poll<Vec<Outgoing>> {
        self.register(task);
        let frames = self.take_frames();
        if frames.is_empty() { Poll::Pending } else { Poll::Ready(frames) }
    }

    /// Takes out all frames that wait, in whichever task, without changing who is woken by the next
    /// one: for transports whose client fetches them.
    ///
    /// Frames that nobody takes count against the backlog, and only the first of them wakes the
    /// connection's task.
    pub fn take_frames(&self) -> Vec<Outgoing> {
        self.take_frames_up_to(usize::MAX)
    }

    /// The same, until those taken have `enough` bytes or more: one frame for 1. What is left keeps
    /// counting against the backlog.
    pub fn take_frames_up_to(&self, enough: usize) -> Vec<Outgoing> {
        self.uncork();
        let (was_behind, buffers) =
            self.with_outbox(|outbox| (outbox.is_behind(), outbox.take(enough)));
        if was_behind {
            // What the task held back for the client may go on.
            self.0.waker.wake();
        }
        let frames = buffers.into_iter().flat_map(server_frames).filter_map(|frame| {
            Some(match frame.opcode {
                OpCode::Text => Outgoing::Frame(Frame::Text(frame.payload.try_into().ok()?)),
                OpCode::Binary => Outgoing::Frame(Frame::Binary(frame.payload)),
                OpCode::Ping => Outgoing::Ping(frame.payload),
                OpCode::Close => Outgoing::Close,
                OpCode::Pong | OpCode::Continuation => return None,
            })
        });
        frames.collect()
    }

    /// Whether frames wait.
    pub fn has_frames(&self) -> bool {
        !self.0.outbox().is_empty()
    }

    /// Whether text waits, or the end, for transports that carry text alone. Binary messages before it
    /// are dropped, counted and logged.
    pub fn has_text(&self) -> bool {
        self.uncork();
        let wanted = |opcode| matches!(opcode, OpCode::Text | OpCode::Close);
        let dropped = self.with_outbox(|outbox| outbox.skip_until(wanted));
        log::binary_over_long_poll(dropped);
        self.has_frames()
    }

    /// Writes out what waits, as `WebSocket` frames, through the socket of a connection that
    /// [has one](Self::of_websocket).
    ///
    /// # Errors
    ///
    /// The socket is broken, or there is none.
    pub fn poll_flush(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let due = {
                let mut outbox = self.0.outbox();
                let due = outbox.uncork();
                if due.is_empty() {
                    return using(outbox, |outbox| outbox.poll_write(task));
                }
                due
            };
            for Due(work) in due {
                work();
            }
        }
    }

    /// The `WebSocket` frames that wait, up to some size, for transports that write such. They stay where
    /// they are until [`written`](Self::written); the next call gives the same bytes if more are sent
    /// meanwhile, and perhaps others behind them.
    pub fn front(&self) -> Option<Bytes> {
        self.uncork();
        self.with_outbox(Outbox::front)
    }

    /// So many of the bytes that wait were written.
    pub fn written(&self, bytes: usize) {
        self.with_outbox(|outbox| outbox.advance(bytes));
    }

    /// Tells a client that nothing more comes, where the connection [has its
    /// socket](Self::of_websocket).
    pub fn shut_down(&self) {
        self.with_outbox(|outbox| outbox.shut_down());
    }

    /// The other end of the socket, where the connection has one that is still there.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.with_outbox(|outbox| outbox.peer())
    }

    /// Counts what waits for this client together with what waits for others: where that is too much,
    /// it is closed as if it were behind.
    pub fn count_in(&self, budget: &Arc<Budget>) {
        let share = budget.share(0);
        self.with_outbox(|outbox| outbox.count_in(share));
    }
}
