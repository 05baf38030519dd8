//! Messages between bytes and channels.

use std::fmt;

use smol_str::SmolStr;

use crate::message::{Payload, PayloadKind};

/// A `ref` or `join_ref`: any JSON value but `null`, kept as text and sent back as it came.
///
/// Two refs are the same if their JSON text is, so `1`, `"1"` and `1.0` are three.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MessageRef(SmolStr);

impl MessageRef {
    /// The ref of a piece of valid JSON text; none for `null`.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        if text == "null" {
            return None;
        }
        // An escape is another spelling of the same string.
        if text.starts_with('"')
            && text.contains('\\')
            && let Ok(string) = serde_json::from_str::<String>(text)
        {
            return Some(Self::from_str(&string));
        }
        Some(Self(text.into()))
    }

    /// The ref that is a string.
    pub(crate) fn from_str(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string().into())
    }

    /// The JSON text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What a binary message carries: the string without quotes, or the JSON text of other values.
    pub(crate) fn bare(&self) -> SmolStr {
        match self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if !inner.contains('\\') => inner.into(),
            Some(_) => {
                serde_json::from_str::<String>(&self.0).map_or_else(|_| self.0.clone(), Into::into)
            }
            None => self.0.clone(),
        }
    }
}

impl fmt::Debug for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message from a client.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) join_ref: Option<MessageRef>,
    pub(crate) reference: Option<MessageRef>,
    pub(crate) topic: SmolStr,
    pub(crate) event: SmolStr,
    pub(crate) payload: Payload,
}

/// What a client wants with a message: the events that the protocol itself has, and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    /// A sign of life, in the topic that belongs to the protocol.
    Heartbeat,
    /// Joins the topic, for the first time or again.
    Join,
    /// Leaves the topic.
    Leave,
    /// Is for the channel of the topic.
    Event,
}

impl Incoming {
    pub(crate) fn kind(&self) -> ClientMessage {
        match (&*self.event, &*self.topic) {
            ("heartbeat", "phoenix") => ClientMessage::Heartbeat,
            ("phx_join", _) => ClientMessage::Join,
            ("phx_leave", _) => ClientMessage::Leave,
            _ => ClientMessage::Event,
        }
    }
}

/// A message to a client, borrowed from whoever sends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) join_ref: Option<&'a MessageRef>,
    pub(crate) reference: Option<&'a MessageRef>,
    pub(crate) topic: &'a str,
    pub(crate) body: Body<'a>,
    pub(crate) kind: PayloadKind,
    pub(crate) payload: &'a [u8],
}

/// What sort of message it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// An event pushed to one client.
    Push { event: &'a str },
    /// The answer to a message.
    Reply { status: &'a str },
    /// An event for all subscribers of a topic.
    Broadcast { event: &'a str },
}

impl<'a> Outgoing<'a> {
    pub(crate) fn push(
        join_ref: Option<&'a MessageRef>,
        topic: &'a str,
        event: &'a str,
        kind: PayloadKind,
        payload: &'a [u8],
    ) -> Self {
        Self { join_ref, reference: None, topic, body: Body::Push { event }, kind, payload }
    }

    pub(crate) fn broadcast(
        topic: &'a str,
        event: &'a str,
        kind: PayloadKind,
        payload: &'a [u8],
    ) -> Self {
        let body = Body::Broadcast { event };
        Self { join_ref: None, reference: None, topic, body, kind, payload }
    }

    pub(crate) fn reply(
        join_ref: Option<&'a MessageRef>,
        reference: Option<&'a MessageRef>,
        topic: &'a str,
        status: &'a str,
        kind: PayloadKind,
        payload: &'a [u8],
    ) -> Self {
        Self { join_ref, reference, topic, body: Body::Reply { status }, kind, payload }
    }

    /// Tells that a channel is over: it was left, stopped or replaced.
    pub(crate) fn closed(join_ref: Option<&'a MessageRef>, topic: &'a str) -> Self {
        Self::ended(join_ref, topic, "phx_close", b"{}")
    }

    /// Tells that a channel failed, at which clients join again.
    pub(crate) fn crashed(join_ref: Option<&'a MessageRef>, topic: &'a str) -> Self {
        Self::ended(join_ref, topic, "phx_error", br#"{"reason":"channel_crash"}"#)
    }

    /// The end of a channel carries the join's ref in both places.
    fn ended(
        join_ref: Option<&'a MessageRef>,
        topic: &'a str,
        event: &'a str,
        payload: &'a [u8],
    ) -> Self {
        let body = Body::Push { event };
        Self { join_ref, reference: join_ref, topic, body, kind: PayloadKind::Json, payload }
    }
}
