//! Requests for sessions of other nodes.
//!
//! A poll is done in two steps, as on one node: first the session's node is asked to tell when
//! something waits, and only when the server in front asks for the body are the messages fetched.
//! A client that goes away in between finds everything in its next poll. What is fetched or posted
//! has a number made up by who asks, under which it is asked again if no answer comes: the session's
//! node does it once, and answers alike.

use std::{sync::Arc, time::Duration};

use bytes::{BufMut, Bytes};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    answer::{Answer, Status},
    remote::{Asked, RequestId, put_request},
    sessions::SessionId,
};
use crate::{
    cluster::{AskError, NodeId, Nodes, Port},
    serializer::LongPollForm,
    token::random,
};

/// How long an answer that needs no waiting may take before it is asked for again.
const ROUND: Duration = Duration::from_millis(500);

/// Windows may be endless, points in time are not.
const LONGEST_WINDOW: Duration = Duration::from_hours(24 * 365);

/// What a node may take beyond a session's window.
const SLACK: Duration = Duration::from_secs(1);

/// A session of another node.
pub(crate) struct Elsewhere {
    nodes: Nodes,
    node: NodeId,
    id: SessionId,
    window: Duration,
}

/// A poll of such a session.
pub(crate) struct PollElsewhere {
    session: Elsewhere,
    request: RequestId,
    token: Arc<str>,
    form: LongPollForm,
    is_over: bool,
}

/// An answer whose status goes apart from it.
#[derive(Deserialize)]
struct Whole<'a> {
    status: u16,
    #[serde(borrow)]
    messages: &'a RawValue,
}

/// What a poll waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// There is an answer to be fetched.
    Ready,
    /// The session's node did not answer.
    Silent,
    /// There is no such session any more.
    Gone,
}

impl Elsewhere {
    pub(crate) fn new(nodes: Nodes, node: NodeId, id: SessionId, window: Duration) -> Self {
        Self { nodes, node, id, window: window.min(LONGEST_WINDOW) }
    }

    /// Begins to poll; none if there is no such node any more, or no numbers.
    pub(crate) fn poll(self, token: &str, form: LongPollForm) -> Option<PollElsewhere> {
        let (request, token) = (random().ok()?, token.into());
        Some(PollElsewhere { session: self, request, token, form, is_over: false })
    }

    /// Has the messages of a request handled, and says what to answer.
    pub(crate) async fn post(&self, content_type: Option<&[u8]>, body: &[u8]) -> Status {
        let Ok(request) = random() else { return Status::Failed };
        let mut content = Vec::new();
        let kind = content_type.unwrap_or_default();
        let kind = &kind[..kind.len().min(usize::from(u8::MAX))];
        #[expect(clippy::cast_possible_truncation, reason = "it was cut to that length")]
        content.put_u8(kind.len() as u8);
        content.put_slice(kind);
        content.put_slice(body);
        let until = Instant::now() + self.window + SLACK;
        match self.insist(Asked::Post, request, &content, until).await {
            Ok(answer) => answer.first_chunk().map_or(Status::Gone, |status| {
                Status::from_number(u16::from_be_bytes(*status)).unwrap_or(Status::Gone)
            }),
            Err(AskError::TooLarge(_)) => Status::TooLarge,
            Err(AskError::TimedOut) => Status::TimedOut,
            Err(AskError::Down) => Status::Gone,
        }
    }

    /// Asks again until there is an answer.
    async fn insist(
        &self,
        asked: Asked,
        request: RequestId,
        content: &[u8],
        until: Instant,
    ) -> Result<Bytes, AskError> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = self.ask(asked, request, content, left.min(ROUND)).await;
            if !matches!(answer, Err(AskError::TimedOut)) || Instant::now() >= until {
                return answer;
            }
        }
    }

    async fn ask(
        &self,
        asked: Asked,
        request: RequestId,
        content: &[u8],
        limit: Duration,
    ) -> Result<Bytes, AskError> {
        let body = put_request(asked, request, self.id, content);
        self.nodes.ask(self.node, Port::LongPoll, body, limit).await
    }
}

impl PollElsewhere {
    /// Waits until there is something to say, at most for the session's window.
    pub(crate) async fn wait(&mut self) -> Waited {
        let session = &self.session;
        let waited = session.ask(Asked::Wait, self.request, &[], session.window + SLACK).await;
        match waited {
            Ok(answer) if answer.is_empty() => Waited::Ready,
            Ok(_) | Err(AskError::Down | AskError::TooLarge(_)) => Waited::Gone,
            Err(AskError::TimedOut) => Waited::Silent,
        }
    }

    /// The answer if nothing was heard of the session: nothing was fetched, so nothing is lost by
    /// polling again.
    pub(crate) fn empty_answer(&self) -> Bytes {
        Answer::session(self.form, Status::Empty, &self.token, Vec::new()).to_json()
    }

    /// The answer, with all messages that wait. They count as delivered.
    pub(crate) async fn into_answer(self) -> Bytes {
        let form = self.form;
        self.fetch(form).await
    }

    /// The same for a client whose status is that of HTTP, which is written before the answer.
    pub(crate) async fn into_answer_with_status(self) -> (Status, Bytes) {
        let form = self.form;
        let answer = self.fetch(LongPollForm::SignedValues).await;
        let gone = (Status::Gone, Bytes::new());
        let Ok(whole) = serde_json::from_slice::<Whole<'_>>(&answer) else { return gone };
        let Some(status) = Status::from_number(whole.status) else { return gone };
        if form.has_cookie() {
            (status, answer.slice_ref(whole.messages.get().as_bytes()))
        } else {
            (status, answer)
        }
    }

    async fn fetch(mut self, form: LongPollForm) -> Bytes {
        self.is_over = true;
        let until = Instant::now() + 10 * ROUND;
        let fetched = self.session.insist(Asked::Fetch, self.request, &[form as u8], until).await;
        let gone = || Answer::session(form, Status::Gone, &self.token, Vec::new()).to_json();
        fetched.ok().filter(|answer| !answer.is_empty()).unwrap_or_else(gone)
    }
}

impl Drop for PollElsewhere {
    /// The client is gone: its place is for another poll.
    fn drop(&mut self) {
        if !self.is_over {
            let Elsewhere { nodes, node, id, .. } = &self.session;
            let body = put_request(Asked::Forget, self.request, *id, &[]);
            // A few bytes are not too large.
            let _ = nodes.messenger(Port::LongPoll).send(*node, body);
        }
    }
}
