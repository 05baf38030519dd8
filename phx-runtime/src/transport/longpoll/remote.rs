//! Requests that clients sent to other nodes, for sessions of this one.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::{sync::oneshot, time::Instant};

use super::{
    answer::Status,
    messages::Messages,
    poll::Poll,
    sessions::{SessionId, Sessions},
};
use crate::{
    cluster::{self, NodeId, Service},
    serializer::LongPollForm,
};

/// Made up by the node that asks.
pub(super) type RequestId = [u8; 16];

/// How long an answer is kept for who asks again.
const KEPT: Duration = Duration::from_secs(15);

/// Requests of other nodes at a time. Those above are not answered.
const MOST: usize = 1 << 20;

/// What another node wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Asked {
    /// To know when something waits for the client.
    Wait = 1,
    /// What waits, after that.
    Fetch = 2,
    /// Messages of the client to be handled.
    Post = 3,
    /// That a poll is over.
    Forget = 4,
}

/// What another node wants, as bytes.
pub(super) fn put_request(
    asked: Asked,
    request: RequestId,
    session: SessionId,
    content: &[u8],
) -> Bytes {
    let mut bytes = BytesMut::with_capacity(33 + content.len());
    bytes.put_u8(asked as u8);
    bytes.put_slice(&request);
    bytes.put_slice(&session);
    bytes.put_slice(content);
    bytes.freeze()
}

fn read_request(body: &Bytes) -> Option<(Asked, RequestId, SessionId, Bytes)> {
    let (&asked, rest) = body.split_first()?;
    let asked = [Asked::Wait, Asked::Fetch, Asked::Post, Asked::Forget]
        .into_iter()
        .find(|kind| *kind as u8 == asked)?;
    let (request, rest) = rest.split_first_chunk()?;
    let (session, content) = rest.split_first_chunk()?;
    Some((asked, *request, *session, body.slice_ref(content)))
}

/// Serves the requests of other nodes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RemoteRequests(Arc<Inner>);

struct Inner {
    sessions: Sessions,
    requests: Mutex<Requests>,
}

#[derive(Default)]
struct Requests {
    by_id: HashMap<RequestId, Request>,
    /// When old answers were last thrown away.
    swept: Option<Instant>,
}

enum Request {
    /// A poll waits; it ends when this is dropped.
    Waiting(#[expect(dead_code, reason = "it counts that it is dropped")] oneshot::Sender<()>),
    /// Something waits for a poll, or its window is over.
    Ready(Poll),
    /// Messages are being handled; those who asked meanwhile.
    Posting(Vec<cluster::Answer>),
    /// It is answered; who asks again gets the same.
    Done(Bytes, Instant),
}

impl RemoteRequests {
    pub(crate) fn new(sessions: Sessions) -> Self {
        Self(Arc::new(Inner { sessions, requests: Mutex::default() }))
    }

    fn wait(&self, id: RequestId, session: SessionId, answer: cluster::Answer) {
        let Some(session) = self.0.sessions.find(&session) else {
            return reply(answer, Bytes::from_static(b"gone"));
        };
        let poll = Poll::new(session.visit());
        let (keep, forgotten) = oneshot::channel();
        self.0.requests.lock().by_id.insert(id, Request::Waiting(keep));
        let this = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = poll.wait() => {}
                _ = forgotten => return,
            }
            {
                let mut requests = this.0.requests.lock();
                // It may just have been forgotten.
                let Some(request) = requests.by_id.get_mut(&id) else { return };
                *request = Request::Ready(poll);
            }
            reply(answer, Bytes::new());
            // A client that polls keeps its session, also if nobody comes back for the answer.
            tokio::time::sleep(KEPT).await;
            let mut requests = this.0.requests.lock();
            if matches!(requests.by_id.get(&id), Some(Request::Ready(_))) {
                requests.by_id.remove(&id);
            }
        });
    }

    /// `content` is the number of the form that the client's answers have.
    fn fetch(&self, id: RequestId, content: &[u8], answer: cluster::Answer) {
        let form = content.first().and_then(|number| LongPollForm::from_number(*number));
        let form = form.unwrap_or(LongPollForm::Texts);
        let fetched = {
            let mut requests = self.0.requests.lock();
            match requests.by_id.remove(&id) {
                Some(Request::Ready(poll)) => {
                    let bytes = poll.in_form(form).into_answer();
                    requests.by_id.insert(id, Request::Done(bytes.clone(), Instant::now()));
                    bytes
                }
                Some(Request::Done(bytes, at)) => {
                    requests.by_id.insert(id, Request::Done(bytes.clone(), at));
                    bytes
                }
                Some(Request::Waiting(_) | Request::Posting(_)) | None => Bytes::new(),
            }
        };
        reply(answer, fetched);
    }

    fn post(&self, id: RequestId, session: SessionId, content: Bytes, answer: cluster::Answer) {
        {
            let mut requests = self.0.requests.lock();
            match requests.by_id.get_mut(&id) {
                Some(Request::Posting(waiting)) => return waiting.push(answer),
                Some(Request::Done(bytes, _)) => return reply(answer, bytes.clone()),
                Some(Request::Waiting(_) | Request::Ready(_)) => return,
                None => requests.by_id.insert(id, Request::Posting(vec![answer])),
            };
        }
        let this = self.clone();
        tokio::spawn(async move {
            let status = this.handle(session, content).await;
            let bytes = Bytes::copy_from_slice(&(status as u16).to_be_bytes());
            let done = Request::Done(bytes.clone(), Instant::now());
            let before = this.0.requests.lock().by_id.insert(id, done);
            if let Some(Request::Posting(waiting)) = before {
                for answer in waiting {
                    reply(answer, bytes.clone());
                }
            }
        });
    }

    async fn handle(&self, session: SessionId, mut content: Bytes) -> Status {
        let Some(session) = self.0.sessions.find(&session) else { return Status::Gone };
        let Some(&kind_len) = content.first() else { return Status::Malformed };
        let start = 1 + usize::from(kind_len);
        if content.len() < start {
            return Status::Malformed;
        }
        let kind = content.split_to(start).slice(1..);
        let visit = session.visit();
        let Some(turn) = visit.turn().await else { return Status::TimedOut };
        let kind = (!kind.is_empty()).then_some(&kind[..]);
        turn.post(Messages::new(content, kind)).await
    }
}

impl Service for RemoteRequests {
    fn message(&self, _: NodeId, body: Bytes, answer: Option<cluster::Answer>) {
        let Some((asked, id, session, content)) = read_request(&body) else { return };
        self.0.requests.lock().sweep();
        match (asked, answer) {
            (Asked::Wait, Some(answer)) => self.wait(id, session, answer),
            (Asked::Fetch, Some(answer)) => self.fetch(id, &content, answer),
            (Asked::Post, Some(answer)) => self.post(id, session, content, answer),
            (Asked::Forget, _) => {
                let forgotten = self.0.requests.lock().by_id.remove(&id);
                // Not under the lock.
                drop(forgotten);
            }
            (Asked::Wait | Asked::Fetch | Asked::Post, None) => {}
        }
    }
}

impl Requests {
    /// Throws away old answers.
    fn sweep(&mut self) {
        let now = Instant::now();
        let is_due = self.swept.is_none_or(|swept| now - swept > KEPT);
        if !is_due && self.by_id.len() < MOST {
            return;
        }
        self.swept = Some(now);
        self.by_id.retain(|_, request| match request {
            Request::Done(_, at) => now - *at <= KEPT,
            Request::Waiting(_) | Request::Ready(_) | Request::Posting(_) => true,
        });
    }
}

fn reply(answer: cluster::Answer, body: Bytes) {
    if answer.send(body).is_err() {
        // Whoever asks finds that the session is gone.
        crate::log::long_poll_answer_too_large();
    }
}
