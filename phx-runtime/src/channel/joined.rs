//! The result of a join.

use std::any::Any;

use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use super::handles::MessageOf;
#[cfg(feature = "phoenix")]
use crate::phoenix;
use crate::{
    message::{Failure, Fault, FromFailure, Info, Payload, PayloadError, ReasonText, ToPayload},
    token::TokenError,
};

/// An accepted join: the channel, what the client is told, and what the channel does next.
///
/// ```
/// use phx_runtime::{Joined, json};
///
/// struct Room;
/// struct AfterJoin;
/// # impl phx_runtime::channel::Channel for Room {
/// #     const PATTERNS: &'static [phx_runtime::channel::Pattern] = &[];
/// # }
/// # impl phx_runtime::channel::HandlesInfo<AfterJoin> for Room {}
/// let joined = Joined::new(Room).reply(json!({ "people": 3 })).then(AfterJoin);
/// assert_eq!(joined.response(), Some(json!({ "people": 3 })));
/// ```
#[derive(Debug)]
pub struct Joined<C> {
    pub(crate) channel: C,
    pub(crate) response: Result<Payload, Fault>,
    pub(crate) then: Vec<Info>,
}

impl<C> Joined<C> {
    /// A join answered with `{}`.
    ///
    /// Phoenix counterpart: `{:ok, socket}`.
    pub fn new(channel: C) -> Self {
        Self { channel, response: Ok(Payload::empty_object()), then: Vec::new() }
    }

    /// The response that the client gets. One that cannot be encoded fails the join.
    ///
    /// Phoenix counterpart: `{:ok, reply, socket}`.
    pub fn reply(mut self, response: impl ToPayload) -> Self {
        self.response = response.to_payload().map_err(Fault::from);
        self
    }

    /// A message that the channel's `#[handle_info]` gets right after the join reply was sent, before
    /// anything from the client. Several are handled in the order in which they were given.
    ///
    /// This is Phoenix's `send(self(), :after_join)`.
    pub fn then(mut self, message: impl MessageOf<C> + Any + Send) -> Self {
        self.then.push(Info::new(message));
        self
    }

    /// The channel, as tests look at it.
    pub fn channel(&self) -> &C {
        &self.channel
    }

    /// The response as JSON, if it could be encoded and is no binary payload.
    pub fn response(&self) -> Option<serde_json::Value> {
        let response = self.response.as_ref().ok()?;
        serde_json::from_str(response.as_json()?).ok()
    }
}

/// Why a join was refused; the client gets its payload as the response.
///
/// A [`Fault`] converts into one whose client is told `join crashed`, and the log why. `?` converts an error
/// of the application's own that is `Serialize` into one with it as response, and
/// [`or_fault`](crate::OrFault::or_fault) any other error into a fault.
///
/// ```
/// use phx_runtime::{JoinError, json};
///
/// assert_eq!(JoinError::new("unauthorized").reason(), "unauthorized");
/// let full = JoinError::with(json!({ "reason": "full", "seats": 8 }));
/// assert_eq!(full.reason(), "full");
/// ```
///
/// Phoenix counterpart: `{:error, response}`.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct JoinError(Refused);

#[derive(Debug, Error)]
pub(crate) enum Refused {
    #[error("join refused: {}", reason_of(.0))]
    Answer(Payload),
    #[error("no such topic")]
    UnmatchedTopic,
    #[error("join failed: {0}")]
    Fault(Fault),
}

/// Sorts of [`JoinError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinErrorKind {
    /// The client may not join, and is told why.
    Refused,
    /// A topic parameter does not parse: there is no such topic.
    UnmatchedTopic,
    /// The server failed; the client is told `join crashed` and nothing of why.
    Fault,
}

impl JoinError {
    /// Refuses with `{"reason": reason}`.
    pub fn new(reason: impl ReasonText) -> Self {
        Self::with(json!({ "reason": reason.as_ref() }))
    }

    /// Refuses with any response. One that cannot be encoded is a fault.
    pub fn with(response: impl ToPayload) -> Self {
        match response.to_payload() {
            Ok(response) => Self(Refused::Answer(response)),
            Err(error) => Self(Refused::Fault(error.into())),
        }
    }

    /// The `reason` of the response, or the empty string if it has none.
    pub fn reason(&self) -> String {
        let Refused::Answer(response) = &self.0 else { return String::new() };
        reason_of(response)
    }

    /// The response, if that is nothing but a text.
    fn text(&self) -> Option<String> {
        let Refused::Answer(response) = &self.0 else { return None };
        serde_json::from_slice(&response.bytes).ok()
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> JoinErrorKind {
        match self.0 {
            Refused::Answer(_) => JoinErrorKind::Refused,
            Refused::UnmatchedTopic => JoinErrorKind::UnmatchedTopic,
            Refused::Fault(_) => JoinErrorKind::Fault,
        }
    }

    /// Answers as if no channel served the topic.
    pub(super) fn unmatched_topic() -> Self {
        Self(Refused::UnmatchedTopic)
    }

    pub(crate) fn into_refused(self) -> Refused {
        self.0
    }
}

fn reason_of(response: &Payload) -> String {
    serde_json::from_slice::<serde_json::Value>(&response.bytes)
        .ok()
        .and_then(|value| Some(value.get("reason")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

/// Errors that `?` turns into a [`JoinError`], and that `#[join]` can return itself: a serializable one is the
/// client's answer, a text its `reason`, a [`Fault`] is logged and the client is told `join crashed`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the client is told",
    label = "write `.or_fault()?`: it is logged, and the client is told `join crashed`",
    note = "or derive `Serialize` for `{Self}`: then it is what the client gets"
)]
pub trait IntoJoinError {
    /// The refusal.
    fn into_join_error(self) -> JoinError;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize> IntoJoinError for E {
    fn into_join_error(self) -> JoinError {
        let refused = JoinError::with(self);
        // Clients look for a reason in it, also when it is a text that became an error by `?` or `into()`.
        match refused.text() {
            Some(reason) => JoinError::new(reason),
            None => refused,
        }
    }
}

#[diagnostic::do_not_recommend]
impl IntoJoinError for Fault {
    fn into_join_error(self) -> JoinError {
        JoinError(Refused::Fault(self))
    }
}

/// Refuses with the reason `invalid payload`, and with the error's text as `detail`.
#[diagnostic::do_not_recommend]
impl IntoJoinError for PayloadError {
    fn into_join_error(self) -> JoinError {
        JoinError::with(json!({ "reason": "invalid payload", "detail": self.to_string() }))
    }
}

impl FromFailure for JoinError {
    fn from_failure(failure: Failure) -> Self {
        match failure {
            Failure::Payload(error) => error.into(),
            Failure::Topic => Self::unmatched_topic(),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

/// Refuses with the reason `token expired` or `invalid token`.
#[diagnostic::do_not_recommend]
impl IntoJoinError for TokenError {
    fn into_join_error(self) -> JoinError {
        match self {
            Self::Expired => JoinError::new("token expired"),
            Self::Invalid => JoinError::new("invalid token"),
            Self::Secret => Fault::from(self).into(),
        }
    }
}

/// Refuses with the reason `missing token`, `token expired` or `invalid token`.
#[cfg(feature = "phoenix")]
#[diagnostic::do_not_recommend]
impl IntoJoinError for phoenix::TokenError {
    fn into_join_error(self) -> JoinError {
        match self {
            Self::Missing => JoinError::new("missing token"),
            Self::Expired => JoinError::new("token expired"),
            Self::Invalid => JoinError::new("invalid token"),
            Self::Secret | Self::KeyLength(_) => Fault::from(self).into(),
        }
    }
}

impl<E: IntoJoinError> From<E> for JoinError {
    fn from(error: E) -> Self {
        error.into_join_error()
    }
}

#[cfg(test)]
mod tests {
    use super::JoinError;
    use crate::{connect::ConnectError, token::TokenError};

    #[test]
    fn bad_tokens_are_refusals_and_bad_secrets_are_faults() {
        for error in [TokenError::Expired, TokenError::Invalid] {
            assert!(!ConnectError::from(error).is_fault());
        }
        assert!(ConnectError::from(TokenError::Secret).is_fault());
        assert_eq!(JoinError::from(TokenError::Expired).reason(), "token expired");
        assert_eq!(JoinError::from(TokenError::Invalid).reason(), "invalid token");
        assert_eq!(JoinError::from(TokenError::Secret).reason(), "");
    }

    #[cfg(feature = "phoenix")]
    #[test]
    fn bad_tokens_of_phoenix_are_refusals_and_bad_keys_are_faults() {
        use crate::phoenix::TokenError;

        for error in [TokenError::Missing, TokenError::Expired, TokenError::Invalid] {
            assert!(!ConnectError::from(error).is_fault());
        }
        for error in [TokenError::Secret, TokenError::KeyLength(1)] {
            assert!(ConnectError::from(error).is_fault());
            assert_eq!(JoinError::from(error).reason(), "");
        }
        assert_eq!(JoinError::from(TokenError::Missing).reason(), "missing token");
    }
}
