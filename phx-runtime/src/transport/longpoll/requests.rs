//! Long-polling as a transport: requests bring messages and wait for a verdict, others fetch what waits,
//! and a client that stays away is noticed.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{
    post::Post,
    session::Session,
    sessions::{SessionId, Sessions},
};
use crate::{
    connection::Connection,
    message::Reason,
    transport::{Deadline, Outcome, Received, Transport},
    wire::{CloseCode, Frame},
};

/// The requests of one client.
pub(crate) struct Requests {
    session: Arc<Session>,
    id: SessionId,
    sessions: Sessions,
    /// The request whose messages are being handled.
    post: Option<Post>,
    /// For a client that stays away.
    expiry: Deadline,
}

impl Requests {
    pub(crate) fn new(session: Arc<Session>, id: SessionId, sessions: Sessions) -> Self {
        Self { session, id, sessions, post: None, expiry: Deadline::default() }
    }

    /// The next message of a request that still waits to be answered.
    fn next_message(&mut self) -> Option<Frame> {
        loop {
            if self.post.as_ref().is_none_or(|post| !post.is_wanted()) {
                self.post = self.session.take_post();
            }
            let post = self.post.as_mut()?;
            match post.messages().next() {
                Some(Ok(frame)) => return Some(frame),
                Some(Err(_)) => post.blame(),
                None => self.finish(),
            }
        }
    }

    fn finish(&mut self) {
        if let Some(post) = self.post.take() {
            post.finish();
        }
    }

    /// Ends the connection of a client that stayed away. Closing it wakes the task.
    fn expire(&mut self, task: &mut Context<'_>) {
        let session = &self.session;
        let expires_at =
            || session.expires_at().or_else(|| Instant::now().checked_add(session.lifetime()));
        if self.expiry.poll(task, expires_at).is_ready() {
            session.connection.close(CloseCode::GOING_AWAY, Reason::Inactive);
        }
    }
}

impl Transport for Requests {
    fn received(&mut self, _: &Connection) -> Option<Received> {
        self.next_message().map(Received::Message)
    }

    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.session.register(task);
        self.next_message().map_or(Poll::Pending, |frame| Poll::Ready(Received::Message(frame)))
    }

    /// Tells the open poll that something waits for it.
    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        self.session.deliver();
        self.expire(task);
        if connection.has_frames() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    /// Answers the request that a message came from, if it was the last one or ends the session.
    fn handled(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Taken => {}
            Outcome::Malformed => self.post.iter_mut().for_each(Post::blame),
            Outcome::Refused => self.post.iter_mut().for_each(Post::refuse),
            Outcome::Stopped => return self.finish(),
            Outcome::Panicked => {
                if let Some(post) = self.post.take() {
                    post.fail();
                }
            }
        }
        if self.post.as_ref().is_some_and(Post::is_done) {
            self.finish();
        }
    }

    fn answers_each_message(&self) -> bool {
        true
    }

    fn ended(&mut self, reason: &Reason, _: &Connection) {
        // Without a verdict the request finds that the session is gone.
        self.post = None;
        // A client that stayed away fetches nothing, and one that is told to go has nothing to fetch.
        let is_to_go = matches!(reason, Reason::Inactive | Reason::Disconnected);
        self.session.close();
        if is_to_go || self.session.is_emptied() {
            self.sessions.remove(&self.id);
        } else {
            // The next poll gets what waits, and only the one after it learns that the session is
            // gone. That needs neither the socket nor anybody to wait for it.
            tokio::spawn(leave(self.session.clone(), self.id, self.sessions.clone()));
        }
    }

    /// What is left waits in the session for the client's next poll.
    fn poll_close(&mut self, _: &mut Context<'_>, _: &Connection) -> Poll<()> {
        Poll::Ready(())
    }

    fn peer(&self, _: &Connection) -> Option<SocketAddr> {
        self.session.peer
    }
}

impl Drop for Requests {
    /// A session whose task was dropped before its end is gone as well.
    fn drop(&mut self) {
        if !self.session.is_closed() {
            self.session.close();
            self.sessions.remove(&self.id);
        }
    }
}

/// Keeps a session that is over until its client has fetched what waits, as long as sessions without
/// requests live.
async fn leave(session: Arc<Session>, id: SessionId, sessions: Sessions) {
    let emptied = poll_fn(|task| session.poll_emptied(task));
    let _ = tokio::time::timeout(session.lifetime(), emptied).await;
    sessions.remove(&id);
}
