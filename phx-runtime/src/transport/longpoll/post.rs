//! Messages that a client has sent.

use tokio::sync::oneshot;

use super::messages::Messages;

/// Messages on their way from a request to the session's task.
pub(super) struct Post {
    messages: Messages,
    malformed: bool,
    refused: bool,
    verdict: oneshot::Sender<Verdict>,
}

/// What became of the messages of a request. Without one, the session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The socket handled them all.
    Taken,
    /// It handled those that are messages, but some are none.
    Malformed,
    /// It refused what one of them asks for, and the client is of a version that is told so.
    Refused,
    /// It panicked.
    Failed,
}

impl Post {
    /// Messages that are to be handled, and what will have become of them.
    pub(super) fn new(messages: Messages) -> (Self, oneshot::Receiver<Verdict>) {
        let (verdict, pending) = oneshot::channel();
        (Self { messages, malformed: false, refused: false, verdict }, pending)
    }

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

    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Answers the request.
    pub(super) fn finish(self) {
        let verdict = match (self.malformed, self.refused) {
            (true, _) => Verdict::Malformed,
            (false, true) => Verdict::Refused,
            (false, false) => Verdict::Taken,
        };
        // The client may be gone.
        let _ = self.verdict.send(verdict);
    }

    /// Answers the request whose message broke the socket.
    pub(super) fn fail(self) {
        let _ = self.verdict.send(Verdict::Failed);
    }
}
