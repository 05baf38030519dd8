//! What a client sends, on its way to the server's end of the connection.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, Sleep, sleep_until},
};

use crate::wire::Frame;

/// Where a client puts in what it sends. Dropped, it closes the connection as clients do.
#[derive(Debug)]
pub(super) struct Uplink {
    messages: mpsc::UnboundedSender<Message>,
    troubles: mpsc::UnboundedSender<Trouble>,
}

/// A message of the client, when it arrives, and whom to tell that the server has taken it.
#[derive(Debug)]
struct Message {
    frame: Frame,
    at: Instant,
    taken: oneshot::Sender<()>,
}

/// What becomes of a connection that nobody closes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// It breaks, and both ends find it broken.
    Broken,
    /// Nothing passes any more, in either direction, and neither end is told.
    Silent,
}

/// Where the server's end takes out what the client sent.
pub(super) struct FromClient {
    messages: mpsc::UnboundedReceiver<Message>,
    troubles: mpsc::UnboundedReceiver<Trouble>,
    /// The next message, which is still on its way.
    next: Option<(Message, Pin<Box<Sleep>>)>,
}

/// What comes next.
pub(super) enum Step {
    Message {
        frame: Frame,
        taken: oneshot::Sender<()>,
    },
    Trouble(Trouble),
    /// The client closes the connection.
    Close,
}

pub(super) fn uplink() -> (Uplink, FromClient) {
    let (to_server, messages) = mpsc::unbounded_channel();
    let (to_trouble, troubles) = mpsc::unbounded_channel();
    let uplink = Uplink { messages: to_server, troubles: to_trouble };
    (uplink, FromClient { messages, troubles, next: None })
}

impl Uplink {
    /// Sends a message that is on its way for so long. A connection that is over takes none.
    pub(super) fn send(&self, frame: Frame, delay: Duration) -> Option<oneshot::Receiver<()>> {
        let (taken, is_taken) = oneshot::channel();
        let message = Message { frame, at: Instant::now() + delay, taken };
        self.messages.send(message).ok().map(|()| is_taken)
    }

    pub(super) fn get_into(&self, trouble: Trouble) {
        // A connection that is over gets into none.
        let _ = self.troubles.send(trouble);
    }
}

impl FromClient {
    /// What comes next; troubles do not wait for messages.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<Step> {
        if let Poll::Ready(Some(trouble)) = self.troubles.poll_recv(task) {
            return Poll::Ready(Step::Trouble(trouble));
        }
        loop {
            if let Some((_, arrived)) = &mut self.next
                && arrived.as_mut().poll(task).is_pending()
            {
                return Poll::Pending;
            }
            if let Some((Message { frame, taken, .. }, _)) = self.next.take() {
                return Poll::Ready(Step::Message { frame, taken });
            }
            match self.messages.poll_recv(task) {
                Poll::Ready(Some(message)) => {
                    let arrived = Box::pin(sleep_until(message.at));
                    self.next = Some((message, arrived));
                }
                Poll::Ready(None) => return Poll::Ready(Step::Close),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
