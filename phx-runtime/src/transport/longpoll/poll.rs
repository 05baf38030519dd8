//! A client waits for messages.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{self, Context},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    answer::{Answer, Status},
    session::{Session, Taken, Visit},
};
use crate::{connection::Share, serializer::LongPollForm, transport::Deadline};

/// A poll. The newest one of a session gets the messages; an older one ends without any.
///
/// Its answer is made in two steps. First it [waits](Self::wait), and gives up its place when it is
/// dropped meanwhile. Then, when the server in front asks for the body, [`into_answer`] takes the
/// messages. Dropped in between, it has taken none.
///
/// [`into_answer`]: Self::into_answer
pub(crate) struct Poll {
    awaited: Awaited,
    visit: Visit,
    form: LongPollForm,
    timer: Deadline,
}

/// What a poll waits for, for a server that holds its answer back until then. It travels with the
/// answer; whoever drops that ends the poll.
#[derive(Clone)]
pub(crate) struct Awaited {
    session: Arc<Session>,
    number: u64,
    /// Then the answer is that there is nothing; never where the window has no end.
    until: Option<Instant>,
}

impl Awaited {
    /// Whether there is something to say, which there is after the window at the latest.
    pub(crate) fn poll_ready(
        &self,
        task: &mut Context<'_>,
        timer: &mut Deadline,
    ) -> task::Poll<()> {
        if self.session.is_poll_ready(self.number, task) {
            return task::Poll::Ready(());
        }
        timer.poll(task, || self.until)
    }

    /// Waits for that.
    pub(crate) async fn wait(&self) {
        let mut timer = Deadline::default();
        poll_fn(|task| self.poll_ready(task, &mut timer)).await;
    }
}

impl Poll {
    pub(crate) fn new(visit: Visit) -> Self {
        let session = visit.0.clone();
        let until = Instant::now().checked_add(session.window);
        let awaited = Awaited { number: session.start_poll(), until, session };
        Self { awaited, visit, form: LongPollForm::Texts, timer: Deadline::default() }
    }

    /// For a client that takes its answer like this.
    pub(crate) fn in_form(mut self, form: LongPollForm) -> Self {
        self.form = form;
        self
    }

    /// What it waits for.
    pub(crate) fn awaited(&self) -> &Awaited {
        &self.awaited
    }

    /// Waits until there is something to say, at most for the session's window.
    pub(crate) async fn wait(&self) {
        self.awaited.wait().await;
    }

    /// The same for whoever has a task.
    pub(crate) fn poll_ready(&mut self, task: &mut Context<'_>) -> task::Poll<()> {
        self.awaited.poll_ready(task, &mut self.timer)
    }

    /// What the answer will be, unless something comes or goes in between. For clients whose status is
    /// that of HTTP, which is written before the answer is made.
    pub(crate) fn outlook(&self) -> Status {
        self.session().outlook(self.awaited.number)
    }

    /// The answer, with all messages that wait. They count as delivered.
    pub(crate) fn into_answer(self) -> Bytes {
        let session = self.session();
        let (status, messages) = match session.take_messages(self.awaited.number) {
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
        self.session().end_poll(self.awaited.number);
    }
}
