//! A client sends messages.

use tokio::sync::{MutexGuard, oneshot};

use super::{
    answer::Status,
    messages::Messages,
    session::{Session, Visit},
};

/// Messages on their way from a request to the session's task.
pub(super) struct Post {
    messages: Messages,
    malformed: bool,
    verdict: oneshot::Sender<Verdict>,
}

/// What became of the messages of a request. Without one, the session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The socket handled them all.
    Taken,
    /// It handled those that are messages, but some are none.
    Malformed,
    /// It panicked.
    Failed,
}

/// The right of a POST to have its messages handled next.
pub(crate) struct Turn<'a> {
    session: &'a Session,
    _held: MutexGuard<'a, ()>,
}

impl Visit {
    /// Waits until the POSTs before this one are done; none if that takes longer than a window.
    ///
    /// To be called before the body is read, so that no more than one is in memory.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let session = self.session();
        let held = tokio::time::timeout(session.window, session.turn.lock()).await.ok()?;
        Some(Turn { session, _held: held })
    }
}

impl Turn<'_> {
    /// Has messages handled, and says what to answer.
    ///
    /// Each message is handled even if one before it is none, but for those after the one that
    /// ended the session. What the session has not begun with when this future ends, because the
    /// window is over or because the client has gone, it never handles.
    pub(crate) async fn post(self, messages: Messages) -> Status {
        let (verdict, pending) = oneshot::channel();
        self.session.put(Post { messages, malformed: false, verdict });
        match tokio::time::timeout(self.session.window, pending).await {
            Ok(Ok(Verdict::Taken)) => Status::Ok,
            Ok(Ok(Verdict::Malformed)) => Status::Malformed,
            // Phoenix lets the client wait for the rest of the window first.
            Ok(Ok(Verdict::Failed)) | Err(_) => Status::TimedOut,
            Ok(Err(_)) => Status::Gone,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.session.take_post();
    }
}

impl Post {
    pub(super) fn messages(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// Whether all has been handled that there was.
    pub(super) fn is_done(&self) -> bool {
        self.messages.is_done()
    }

    /// Whether somebody waits for the verdict.
    pub(super) fn is_wanted(&self) -> bool {
        !self.verdict.is_closed()
    }

    pub(super) fn blame(&mut self) {
        self.malformed = true;
    }

    /// Answers the request.
    pub(super) fn finish(self) {
        let verdict = if self.malformed { Verdict::Malformed } else { Verdict::Taken };
        // The client may be gone.
        let _ = self.verdict.send(verdict);
    }

    /// Answers the request whose message broke the socket.
    pub(super) fn fail(self) {
        let _ = self.verdict.send(Verdict::Failed);
    }
}
