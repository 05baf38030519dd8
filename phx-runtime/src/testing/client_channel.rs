//! A channel as its client sees it, and what it pushed there.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    inbox::{Missing, PATIENCE},
    line::{Line, encoded},
    membership::Membership,
    message::{Received, Whole},
    pattern::{ANYTHING, matches},
    waiting::Waiting,
    wanted::Wanted,
};
use crate::message::{EventName, Payload, ToPayload};

/// How long a test waits for what must not come.
const DOUBT: Duration = Duration::from_millis(100);

/// A channel as its client sees it.
#[derive(Debug)]
pub struct ClientChannel {
    line: Arc<Line>,
    membership: Arc<Membership>,
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
    pub(super) fn new(line: Arc<Line>, membership: Arc<Membership>) -> Self {
        Self { line, membership }
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.membership.topic
    }

    /// The response that the join was answered with, the last one.
    pub fn response(&self) -> Payload {
        self.membership.response()
    }

    /// Pushes an event, and waits until the server has taken it; not for a reply.
    ///
    /// # Panics
    ///
    /// Panics if the payload cannot be encoded.
    pub fn push(&self, event: impl EventName, payload: impl ToPayload) -> Waiting<'_, Pushed> {
        let event = event.as_ref().to_owned();
        let payload = encoded(&event, &payload);
        Box::pin(async move {
            let reference = self.line.push(&self.membership, &event, &payload).await;
            Pushed { line: self.line.clone(), reference }
        })
    }

    /// Leaves the channel.
    pub async fn leave(&self) -> Pushed {
        let reference = self.line.leave(&self.membership).await;
        Pushed { line: self.line.clone(), reference }
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

    /// Waits for a push or broadcast of a typed event that is [`wanted`](super::wanted), and takes it; what
    /// [`assert_push!`](crate::assert_push) does with a pattern of the type. Others stay for later.
    ///
    /// # Errors
    ///
    /// None comes.
    pub async fn expect_event<E>(&self, wanted: Wanted<'_, E>) -> Result<E, Missing> {
        self.take_event(&wanted, PATIENCE).await
    }

    /// Waits a little for a push or broadcast as [`expect_event`](Self::expect_event) does; what
    /// [`refute_push!`](crate::refute_push) does with a pattern of the type.
    ///
    /// # Errors
    ///
    /// One comes.
    pub async fn expect_no_event<E>(&self, wanted: Wanted<'_, E>) -> Result<(), Missing> {
        match self.take_event(&wanted, DOUBT).await {
            Ok(_) => {
                Err(Missing::unwanted(format_args!("a push of {:?} like the pattern", wanted.name)))
            }
            Err(_) => Ok(()),
        }
    }

    async fn take_event<E>(
        &self,
        wanted: &Wanted<'_, E>,
        patience: Duration,
    ) -> Result<E, Missing> {
        let what = format!("a push of {:?} like the pattern", wanted.name);
        let found = |message: &Received| wanted.read(self.push_of(wanted.name, message)?);
        self.line.inbox().take(what, patience, found).await
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
        self.line.inbox().take(what, patience, wanted).await
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
        let ended = self.line.inbox().take("the end of the channel", PATIENCE, wanted).await?;
        if ended == Ended::Closed {
            self.membership.end();
        }
        Ok(ended)
    }

    /// The payload of a message that is for this channel and of this event.
    fn push_of<'a>(&self, event: &str, message: &'a Received) -> Option<&'a Payload> {
        let (its, payload) = self.membership.push_in(message)?;
        (its == event).then_some(payload)
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
