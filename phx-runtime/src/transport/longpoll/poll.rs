//! A client waits for messages.

use std::future::poll_fn;

use bytes::Bytes;

use super::{
    answer::{Answer, Status},
    session::{Session, Taken, Visit},
};
use crate::{connection::Share, serializer::LongPollForm};

/// A poll. The newest one of a session gets the messages; an older one ends without any.
///
/// Its answer is made in two steps. First it [waits](Self::wait), and gives up its place when it is
/// dropped meanwhile. Then, when the server in front asks for the body, [`into_answer`] takes the
/// messages. Dropped in between, it has taken none.
///
/// [`into_answer`]: Self::into_answer
pub(crate) struct Poll {
    number: u64,
    visit: Visit,
    form: LongPollForm,
}

impl Poll {
    pub(crate) fn new(visit: Visit) -> Self {
        Self { number: visit.0.start_poll(), visit, form: LongPollForm::Texts }
    }

    /// For a client that takes its answer like this.
    pub(crate) fn in_form(mut self, form: LongPollForm) -> Self {
        self.form = form;
        self
    }

    /// Waits until there is something to say, at most for the session's window.
    pub(crate) async fn wait(&self) {
        let session = self.session();
        let ready = poll_fn(|task| {
            if session.is_poll_ready(self.number, task) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        });
        // After the window there may still be something, so there is nothing to decide here.
        let _ = tokio::time::timeout(session.window, ready).await;
    }

    /// What the answer will be, unless something comes or goes in between. For clients whose status is
    /// that of HTTP, which is written before the answer is made.
    pub(crate) fn outlook(&self) -> Status {
        self.session().outlook(self.number)
    }

    /// The answer, with all messages that wait. They count as delivered.
    pub(crate) fn into_answer(self) -> Bytes {
        let session = self.session();
        let (status, messages) = match session.take_messages(self.number) {
            Taken::Messages(messages) => (Status::Ok, messages),
            Taken::Nothing => (Status::Empty, Vec::new()),
            Taken::Closed => (Status::Gone, Vec::new()),
        };
        let json = Answer::session(self.form, status, &session.token, messages).to_json();
        if status != Status::Ok {
            return json;
        }
        // Until it is written, it is as much in the way of others as what waits.
        let share = session.budget.share(json.len());
        Bytes::from_owner(Counted { json, _share: share })
    }

    fn session(&self) -> &Session {
        self.visit.session()
    }
}

/// An answer that counts as long as anybody has it.
struct Counted {
    json: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.session().end_poll(self.number);
    }
}
