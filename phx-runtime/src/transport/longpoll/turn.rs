//! A client sends messages: one request after the other.

use tokio::sync::MutexGuard;

use super::{
    answer::Status,
    messages::Messages,
    post::{Post, Verdict},
    session::{Session, Visit},
};

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
    /// Each message is handled even if one before it is invalid, but for those after the one that
    /// ended the session. What the session has not begun with when this future ends, because the
    /// window is over or because the client has gone, it never handles.
    pub(crate) async fn post(self, messages: Messages) -> Status {
        let (post, verdict) = Post::new(messages);
        self.session.put(post);
        match tokio::time::timeout(self.session.window, verdict).await {
            Ok(Ok(Verdict::Taken)) => Status::Ok,
            Ok(Ok(Verdict::Malformed)) => Status::Malformed,
            Ok(Ok(Verdict::Refused)) => Status::Unauthorized,
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
