//! A transport that is memory.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::{mpsc, oneshot};

use super::{inbox::Inbox, message::Received as Message};
use crate::{
    connection::{Connection, Outgoing},
    log,
    message::Reason,
    transport::{Outcome, Received, Transport},
    wire::{CloseCode, Frame, Text},
};

/// Bytes that may wait for the client. They do not wait: the client always reads.
pub(super) const BACKLOG: usize = 1 << 24;

/// A message of the client, and whom to tell that the server has taken it.
pub(super) struct Uplink {
    pub(super) frame: Frame,
    pub(super) taken: oneshot::Sender<()>,
}

/// The server's end of a connection that the client closes by dropping its sender.
pub(super) struct Memory {
    client: mpsc::UnboundedReceiver<Uplink>,
    /// Whoever waits for the message that is handled.
    taken: Option<oneshot::Sender<()>>,
    inbox: Arc<Inbox>,
    /// The code that the server closed with.
    code: Option<CloseCode>,
}

impl Memory {
    pub(super) fn new(client: mpsc::UnboundedReceiver<Uplink>, inbox: Arc<Inbox>) -> Self {
        Self { client, taken: None, inbox, code: None }
    }
}

impl Transport for Memory {
    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.client.poll_recv(task).map(|sent| match sent {
            Some(Uplink { frame, taken }) => {
                self.taken = Some(taken);
                Received::Message(frame)
            }
            None => Received::Closed { code: None, text: Text::default() },
        })
    }

    fn poll_send(&mut self, _: &mut Context<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        for outgoing in connection.take_frames() {
            let Outgoing::Frame(frame) = outgoing else { continue };
            match Message::read(&frame) {
                Some(message) => self.inbox.put(message),
                None => log::unreadable_frame(frame.len()),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn handled(&mut self, _: Outcome) {
        if let Some(taken) = self.taken.take() {
            // The test may have stopped to wait.
            let _ = taken.send(());
        }
    }

    fn ended(&mut self, _: &Reason, connection: &Connection) {
        self.taken = None;
        self.code = connection.ending().map(|(code, _)| code);
    }
}

impl Drop for Memory {
    /// Whoever waits learns of the end once the socket has cleaned up, and also if it never does.
    fn drop(&mut self) {
        self.inbox.close(self.code);
    }
}
