//! A transport that is memory.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{
    inbox::Inbox,
    line::Link,
    message::Received as Message,
    uplink::{FromClient, Step, Trouble, uplink},
};
use crate::{
    connection::{Connection, Outgoing},
    endpoint::Admitted,
    log,
    message::Reason,
    transport::{Outcome, Received, Transport},
    wire::{CloseCode, Text},
};

/// Bytes that may wait for the client. They do not wait: the client always reads.
const BACKLOG: usize = 1 << 24;

/// The server's end of a connection.
struct Memory {
    client: FromClient,
    /// Whoever waits for the message that is handled.
    taken: Option<oneshot::Sender<()>>,
    inbox: Arc<Inbox>,
    /// The code that the server closed with.
    code: Option<CloseCode>,
    /// Whether nothing passes any more.
    is_silent: bool,
    /// How long a client may be silent, once it is.
    timeout: Option<Duration>,
}

/// Serves a client that was let in. `timeout` is how long it may be silent when its line is; one that
/// only has nothing to say sends heartbeats, as it were.
pub(super) fn serve(admitted: Admitted, timeout: Option<Duration>) -> Link {
    let id = admitted.id().map(str::to_owned);
    let (inbox, (server, client)) = (Arc::new(Inbox::default()), uplink());
    let taken = None;
    let memory =
        Memory { client, taken, inbox: inbox.clone(), code: None, is_silent: false, timeout };
    let mut serving = Box::pin(admitted.serve(Connection::new(BACKLOG), memory));
    // It begins here and not in the task, so that a client that is there also hears.
    if (&mut serving).now_or_never().is_none() {
        tokio::spawn(serving);
    }
    Link { inbox, server: Some(server), id }
}

impl Transport for Memory {
    fn poll_receive(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<Received> {
        if self.is_silent {
            return Poll::Pending;
        }
        self.client.poll(task).map(|step| match step {
            Step::Message { frame, taken } => {
                self.taken = Some(taken);
                Received::Message(frame)
            }
            Step::Close => Received::Closed { code: None, text: Text::default() },
            Step::Trouble(Trouble::Broken) => Received::Lost,
            Step::Trouble(Trouble::Silent) => {
                self.is_silent = true;
                connection.set_timeout(self.timeout);
                Received::Bytes(0)
            }
        })
    }

    fn poll_send(&mut self, _: &mut Context<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        if self.is_silent {
            return if connection.has_frames() { Poll::Pending } else { Poll::Ready(Ok(())) };
        }
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
