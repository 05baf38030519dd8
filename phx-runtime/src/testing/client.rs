//! A client, its channels, and what it pushed.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::{
    inbox::{Inbox, Missing, PATIENCE},
    memory::{BACKLOG, Memory, Uplink},
    message::{self, Received, Sent, Whole},
    pattern::{ANYTHING, matches},
};
use crate::{
    channel::JoinError,
    connection::Connection,
    endpoint::{Admitted, Endpoint},
    message::{EventName, Payload, ToPayload, Topic, TypedEvent},
    wire::CloseCode,
};

/// How long a test waits for what must not come.
const DOUBT: Duration = Duration::from_millis(100);

/// A connected client. Its connection closes with [`close`](Self::close), or when the client and
/// all its channels are dropped.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    id: Option<String>,
    line: Arc<Line>,
}

/// The client's end of the connection.
#[derive(Debug)]
struct Line {
    inbox: Arc<Inbox>,
    /// None once the client has closed the connection.
    server: Mutex<Option<mpsc::UnboundedSender<Uplink>>>,
    refs: AtomicU64,
}

impl Line {
    async fn send(
        &self,
        join_ref: Option<&str>,
        topic: &str,
        event: &str,
        payload: &impl ToPayload,
    ) -> String {
        let reference = self.refs.fetch_add(1, Ordering::Relaxed).to_string();
        let frame = payload.to_payload().ok().and_then(|payload| {
            message::write(join_ref.unwrap_or(&reference), &reference, topic, event, &payload)
        });
        let Some(frame) = frame else { panic!("the payload of {event:?} cannot be encoded") };
        let (taken, is_taken) = oneshot::channel();
        // A connection that is closed takes nothing, as on a real network.
        let sent = self.server.lock().as_ref().map(|server| server.send(Uplink { frame, taken }));
        if let Some(Ok(())) = sent {
            let _ = is_taken.await;
        }
        reference
    }

    async fn reply<T>(
        &self,
        reference: &str,
        what: &str,
        patience: Duration,
        mut wanted: impl FnMut(&str, &Payload) -> Option<T>,
    ) -> Result<T, Missing> {
        let wanted = |message: &Received| match &message.body {
            Sent::Reply { status, response } if message.reference.as_deref() == Some(reference) => {
                wanted(status, response)
            }
            _ => None,
        };
        self.inbox.take(what, patience, wanted).await
    }
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, admitted: Admitted) -> Self {
        let id = admitted.id().map(str::to_owned);
        let inbox = Arc::new(Inbox::default());
        let (server, from_client) = mpsc::unbounded_channel();
        let memory = Memory::new(from_client, inbox.clone());
        let mut serving = Box::pin(admitted.serve(Connection::new(BACKLOG), memory));
        // It begins here and not in the task, so that a client that is there also hears.
        if (&mut serving).now_or_never().is_none() {
            tokio::spawn(serving);
        }
        let server = Mutex::new(Some(server));
        Self { endpoint, id, line: Arc::new(Line { inbox, server, refs: AtomicU64::new(1) }) }
    }

    /// The endpoint that it is connected to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the socket's `#[id]` said.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Joins a topic.
    ///
    /// # Errors
    ///
    /// The join is refused, or no channel serves the topic.
    ///
    /// # Panics
    ///
    /// Panics if the payload cannot be encoded, and if no answer comes.
    pub async fn join(
        &self,
        topic: impl Into<Topic>,
        payload: impl ToPayload,
    ) -> Result<ClientChannel, JoinError> {
        let topic = String::from(&*topic.into());
        let join_ref = self.line.send(None, &topic, "phx_join", &payload).await;
        let joined = Pushed { line: self.line.clone(), reference: join_ref };
        match joined.reply().await {
            Ok((status, response)) if status == "ok" => {
                let Pushed { line, reference: join_ref } = joined;
                Ok(ClientChannel { line, topic, join_ref, response })
            }
            Ok((_, response)) => Err(JoinError::with(response)),
            Err(missing) => panic!("joining {topic:?}: {missing}"),
        }
    }

    /// Closes the connection, and waits until all its channels have ended.
    ///
    /// # Panics
    ///
    /// Panics if they do not end.
    pub async fn close(self) {
        self.line.server.lock().take();
        if let Err(missing) = self.line.inbox.closed().await {
            panic!("{missing}");
        }
    }

    /// Waits until the server closes the connection, and tells with which code.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn closed(&self) -> Result<CloseCode, Missing> {
        let closed = self.line.inbox.closed().await?;
        closed.code.ok_or_else(|| Missing::unwanted("the end of the connection, without a code,"))
    }
}

/// A channel as its client sees it.
#[derive(Debug)]
pub struct ClientChannel {
    line: Arc<Line>,
    topic: String,
    join_ref: String,
    response: Payload,
}

/// How a channel ended, as its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// `phx_close`: left, or stopped in a normal way.
    Closed,
    /// `phx_error`: the channel failed.
    Failed,
}

impl ClientChannel {
    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The response that the join was answered with.
    pub fn response(&self) -> &Payload {
        &self.response
    }

    /// Pushes an event, and waits until the server has taken it; not for a reply.
    ///
    /// # Panics
    ///
    /// Panics if the payload cannot be encoded.
    pub async fn push(&self, event: impl EventName, payload: impl ToPayload) -> Pushed {
        let (line, event) = (self.line.clone(), event.as_ref());
        let reference = line.send(Some(&self.join_ref), &self.topic, event, &payload).await;
        Pushed { line, reference }
    }

    /// Leaves the channel.
    pub async fn leave(&self) -> Pushed {
        self.push("phx_leave", serde_json::json!({})).await
    }

    /// Waits for a push or broadcast of an event and takes its payload, if that has at least what
    /// `pattern` names; what [`assert_push!`](crate::assert_push) does. Others stay for later.
    ///
    /// # Errors
    ///
    /// None comes.
    pub async fn expect_push(
        &self,
        event: impl EventName,
        pattern: Option<&Value>,
    ) -> Result<Payload, Missing> {
        self.take_push(event.as_ref(), pattern, PATIENCE).await
    }

    /// Waits for a push or broadcast of a typed event that `wanted` accepts, and takes it; what
    /// [`assert_push!`](crate::assert_push) does with a pattern of the type. Others stay for later.
    ///
    /// # Errors
    ///
    /// None comes. One whose payload is not of the type is not the event.
    pub async fn expect_event<E: TypedEvent + DeserializeOwned>(
        &self,
        wanted: impl Fn(&E) -> bool,
    ) -> Result<E, Missing> {
        let what = format!("a push of {:?} like the pattern", E::NAME);
        let found = |message: &Received| {
            let event: E = self.push_of(E::NAME, message)?.clone().decode().ok()?;
            wanted(&event).then_some(event)
        };
        self.line.inbox.take(what, PATIENCE, found).await
    }

    /// Waits a little for a push or broadcast as [`expect_push`](Self::expect_push) does; what
    /// [`refute_push!`](crate::refute_push) does.
    ///
    /// # Errors
    ///
    /// One comes.
    pub async fn expect_no_push(
        &self,
        event: impl EventName,
        pattern: Option<&Value>,
    ) -> Result<(), Missing> {
        let event = event.as_ref();
        match self.take_push(event, pattern, DOUBT).await {
            Ok(payload) => {
                let payload = Whole(&payload);
                Err(Missing::unwanted(format_args!("a push of {event:?} {payload}")))
            }
            Err(_) => Ok(()),
        }
    }

    async fn take_push(
        &self,
        event: &str,
        pattern: Option<&Value>,
        patience: Duration,
    ) -> Result<Payload, Missing> {
        let what = format!("a push of {event:?}{}", Like(pattern));
        let wanted = |message: &Received| {
            let payload = self.push_of(event, message)?;
            matches(pattern, payload).then(|| payload.clone())
        };
        self.line.inbox.take(what, patience, wanted).await
    }

    /// Waits for the end of the channel.
    ///
    /// # Errors
    ///
    /// It does not end.
    pub async fn ended(&self) -> Result<Ended, Missing> {
        let wanted = |message: &Received| {
            let ended = |event| self.push_of(event, message).is_some();
            if ended("phx_close") {
                Some(Ended::Closed)
            } else {
                ended("phx_error").then_some(Ended::Failed)
            }
        };
        self.line.inbox.take("the end of the channel", PATIENCE, wanted).await
    }

    /// The payload of a message that is for this channel and of this event.
    fn push_of<'a>(&self, event: &str, message: &'a Received) -> Option<&'a Payload> {
        let Sent::Push { event: its, payload } = &message.body else { return None };
        let is_mine = message.topic == self.topic
            && message.join_ref.as_ref().is_none_or(|join_ref| *join_ref == self.join_ref);
        (is_mine && its == event).then_some(payload)
    }
}

/// A message that a client pushed, to be replied to.
#[derive(Debug)]
pub struct Pushed {
    line: Arc<Line>,
    reference: String,
}

impl Pushed {
    /// Waits for the reply: its status and its response.
    ///
    /// # Errors
    ///
    /// None comes.
    pub async fn reply(&self) -> Result<(String, Payload), Missing> {
        let any = |status: &str, response: &Payload| Some((status.to_owned(), response.clone()));
        self.line.reply(&self.reference, "a reply", PATIENCE, any).await
    }

    /// Waits for the reply and takes its response, if that has at least what `pattern` names; what
    /// [`assert_reply!`](crate::assert_reply) does. A message has one reply, so another one ends the
    /// wait.
    ///
    /// # Errors
    ///
    /// None comes, or another one.
    pub async fn expect_reply(
        &self,
        status: &str,
        pattern: Option<&Value>,
    ) -> Result<Payload, Missing> {
        let what = format!("a reply {status:?}{}", Like(pattern));
        let judge = |its: &str, response: &Payload| {
            let is_wanted = its == status && matches(pattern, response);
            let other = || Missing::instead(&what, format_args!("{its} {}", Whole(response)));
            Some(if is_wanted { Ok(response.clone()) } else { Err(other()) })
        };
        self.line.reply(&self.reference, &what, PATIENCE, judge).await?
    }

    /// Waits a little for any reply; what [`refute_reply!`](crate::refute_reply) does.
    ///
    /// # Errors
    ///
    /// One comes.
    pub async fn expect_no_reply(&self) -> Result<(), Missing> {
        let any = |status: &str, response: &Payload| Some(format!("{status} {}", Whole(response)));
        match self.line.reply(&self.reference, "a reply", DOUBT, any).await {
            Ok(reply) => Err(Missing::unwanted(format_args!("a reply {reply}"))),
            Err(_) => Ok(()),
        }
    }
}

/// What a payload was to have, in a failure's text.
struct Like<'a>(Option<&'a Value>);

impl fmt::Display for Like<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pattern) = self.0 else { return Ok(()) };
        // As the test has it, `_` and all.
        let anything = serde_json::json!(ANYTHING).to_string();
        write!(f, " with {}", pattern.to_string().replace(&anything, "_"))
    }
}
