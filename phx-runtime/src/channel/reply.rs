//! What a handler answers.

use serde::Serialize;
use smol_str::SmolStr;

use super::written_result::written_result;
use crate::message::{
    Binary, Failure, Fault, FromFailure, Payload, PayloadError, Reason, ToPayload,
};

/// The answer of a `#[handle_in]` handler, and whether the channel goes on.
///
/// ```
/// use phx_runtime::{Reason, Reply, json};
///
/// assert!(Reply::ok(json!({ "id": 7 })).is_ok());
/// assert!(Reply::error(json!({ "reason": "empty" })).is_error());
/// assert!(Reply::ack().and_stop(Reason::Normal).is_ok());
/// ```
///
/// Phoenix counterparts: `{:reply, {:ok, map}, socket}`, `{:noreply, socket}`, `{:stop, …}`.
#[derive(Debug)]
pub struct Reply {
    answer: Option<Answer>,
    end: Option<End>,
}

/// Status and payload of a `phx_reply`.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: SmolStr,
    pub(crate) response: Payload,
    /// Why it stands in for a handler that could not be called, if it does; then only a client that
    /// asked for a reply gets it.
    pub(crate) stands_in: Option<NotCalled>,
}

/// Why a handler could not be called.
#[derive(Debug)]
pub(crate) enum NotCalled {
    /// No handler takes the event.
    Unmatched,
    /// It does not take this payload.
    Payload(PayloadError),
}

impl Answer {
    const OK: SmolStr = SmolStr::new_static("ok");
    const ERROR: SmolStr = SmolStr::new_static("error");

    fn new(status: SmolStr, response: Payload) -> Self {
        Self { status, response, stands_in: None }
    }
}

/// How a callback ended its channel.
#[derive(Debug)]
pub(crate) enum End {
    Stop(Reason),
    Fault(Fault),
}

impl Reply {
    /// Status `ok` with a response. A response that cannot be encoded is a fault: the channel ends
    /// with `phx_error`.
    ///
    /// Phoenix counterpart: `{:reply, {:ok, response}, socket}`.
    pub fn ok(response: impl ToPayload) -> Self {
        Self::answered(Answer::OK, response)
    }

    /// Status `error` with a response. The channel goes on.
    ///
    /// Phoenix counterpart: `{:reply, {:error, response}, socket}`.
    pub fn error(response: impl ToPayload) -> Self {
        Self::answered(Answer::ERROR, response)
    }

    /// Any status, which the client's `receive(status, …)` listens for.
    pub fn status(status: &str, response: impl ToPayload) -> Self {
        Self::answered(status.into(), response)
    }

    fn answered(status: SmolStr, response: impl ToPayload) -> Self {
        match response.to_payload() {
            Ok(response) => Self { answer: Some(Answer::new(status, response)), end: None },
            Err(error) => Self::fault(error.into()),
        }
    }

    /// Status `ok` with the response `{}`.
    ///
    /// Phoenix counterpart: `{:reply, :ok, socket}`.
    pub fn ack() -> Self {
        Self { answer: Some(Answer::new(Answer::OK, Payload::empty_object())), end: None }
    }

    /// No reply, as after returning `()`.
    ///
    /// Phoenix counterpart: `{:noreply, socket}`.
    pub const fn none() -> Self {
        Self { answer: None, end: None }
    }

    /// No reply, and the channel ends: the client gets `phx_close`, or `phx_error` after
    /// [`Reason::failed`].
    ///
    /// Phoenix counterpart: `{:stop, reason, socket}`.
    pub const fn stop(reason: Reason) -> Self {
        Self { answer: None, end: Some(End::Stop(reason)) }
    }

    /// Ends the channel after this reply. Of several reasons the first counts.
    ///
    /// Phoenix counterpart: `{:stop, reason, reply, socket}`.
    pub fn and_stop(mut self, reason: Reason) -> Self {
        self.end.get_or_insert(End::Stop(reason));
        self
    }

    pub(crate) const fn fault(fault: Fault) -> Self {
        Self { answer: None, end: Some(End::Fault(fault)) }
    }

    /// The reply to an event that no handler takes.
    pub(crate) fn unmatched_event() -> Self {
        Self::stand_in(NotCalled::Unmatched, &serde_json::json!({ "reason": "unmatched event" }))
    }

    /// An error in place of a handler's own answer.
    fn stand_in(why: NotCalled, response: &serde_json::Value) -> Self {
        let answer = Answer::new(Answer::ERROR, Payload::of_value(response));
        Self { answer: Some(Answer { stands_in: Some(why), ..answer }), end: None }
    }

    /// Whether the status is `ok`.
    pub fn is_ok(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.status == "ok")
    }

    /// Whether the status is `error`.
    pub fn is_error(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.status == "error")
    }

    /// The response as JSON, if there is one.
    pub fn response(&self) -> Option<serde_json::Value> {
        let answer = self.answer.as_ref()?;
        serde_json::from_slice(&answer.response.bytes).ok()
    }

    /// Why the channel ends with this reply, if it does.
    pub fn stops(&self) -> Option<Reason> {
        match self.end.as_ref()? {
            End::Stop(reason) => Some(reason.clone()),
            End::Fault(fault) => Some(Reason::failed(fault)),
        }
    }

    pub(crate) fn from_next(next: Next) -> Self {
        match next {
            Next::Continue => Self::none(),
            Next::Stop(reason) => Self::stop(reason),
        }
    }

    pub(crate) fn into_parts(self) -> (Option<Answer>, Option<End>) {
        (self.answer, self.end)
    }
}

impl FromFailure for Reply {
    fn from_failure(failure: Failure) -> Self {
        match failure {
            Failure::Payload(error) => error.into_refusal(),
            Failure::Topic => {
                let response = serde_json::json!({ "reason": "unmatched topic" });
                Self::stand_in(NotCalled::Unmatched, &response)
            }
            Failure::Fault(fault) => Self::fault(fault),
        }
    }
}

/// What a `#[handle_in]` handler can return.
#[diagnostic::on_unimplemented(
    message = "a channel handler cannot return `{Self}`",
    label = "not an answer",
    note = "return `()` for no reply, `Reply`, or `Result<T, E>` with serializable `T` and `E`; \
            answer the client with `Reply::ok(value)`"
)]
pub trait IntoReply {
    /// The reply that the runtime sends.
    fn into_reply(self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl IntoReply for () {
    fn into_reply(self) -> Reply {
        Reply::none()
    }
}

#[diagnostic::do_not_recommend]
impl IntoReply for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}

impl<T: IntoResponse, E: IntoRefusal> IntoReply for Result<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_refusal(),
        }
    }
}

/// What a handler returns that keeps apart what is for the client, inside, and what is not, outside.
#[diagnostic::on_unimplemented(
    message = "a channel handler cannot return `{Self}`",
    label = "not an answer",
    note = "in `Result<Result<T, E>, F>`, `T` and `E` are serializable answers for the client, and `F` is a `Fault`"
)]
pub trait IntoNestedReply {
    /// The reply that the runtime sends.
    fn into_reply(self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse, E: IntoRefusal, F: IntoRefusal> IntoNestedReply for Result<Result<T, E>, F> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(Ok(value)) => value.into_response(),
            Ok(Err(error)) => error.into_refusal(),
            Err(fault) => fault.into_refusal(),
        }
    }
}

/// The `T` of a handler's `Result<T, E>`: any payload, or a `Reply`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a reply's response",
    label = "not a response",
    note = "derive `Serialize`, or return `Binary` or `Reply`"
)]
pub trait IntoResponse {
    /// The reply that the runtime sends.
    fn into_response(self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoResponse for T {
    fn into_response(self) -> Reply {
        match written_result(&self) {
            Some(Ok(response)) => return Reply::ok(response),
            Some(Err(response)) => return Reply::error(response),
            None => {}
        }
        match self.to_payload() {
            // `()` and unit structs are written as `null`; the client expects an object.
            Ok(response) if size_of::<T>() == 0 && *response.bytes == *b"null" => Reply::ack(),
            Ok(response) => Reply { answer: Some(Answer::new(Answer::OK, response)), end: None },
            Err(error) => Reply::fault(error.into()),
        }
    }
}

#[diagnostic::do_not_recommend]
impl IntoResponse for Reply {
    fn into_response(self) -> Reply {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoResponse for Binary {
    fn into_response(self) -> Reply {
        Reply::ok(self)
    }
}

/// The `E` of a handler's `Result<T, E>`: a serializable error is the client's answer, a
/// [`Fault`] ends the channel.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an answer for the client nor a fault",
    label = "cannot be answered",
    note = "derive `Serialize` to send it as the error's response, or return `Result<_, Fault>`, into which `?` \
            converts every error, to log it and end the channel without telling the client"
)]
pub trait IntoRefusal {
    /// The reply that the runtime sends.
    fn into_refusal(self) -> Reply;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize> IntoRefusal for E {
    fn into_refusal(self) -> Reply {
        Reply::error(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoRefusal for Fault {
    fn into_refusal(self) -> Reply {
        Reply::fault(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoRefusal for PayloadError {
    /// The client is told that its payload is invalid, as where the argument itself does not decode.
    fn into_refusal(self) -> Reply {
        let detail = self.to_string();
        let response = serde_json::json!({ "reason": "invalid payload", "detail": detail });
        Reply::stand_in(NotCalled::Payload(self), &response)
    }
}

#[diagnostic::do_not_recommend]
impl IntoRefusal for Reply {
    fn into_refusal(self) -> Reply {
        self
    }
}

/// Whether a channel goes on after `#[handle_info]` or `#[handle_out]`, which have nobody to reply to.
///
/// ```
/// use phx_runtime::{Next, Reason};
///
/// fn tick(left: u32) -> Next {
///     if left == 0 { Next::Stop(Reason::Normal) } else { Next::Continue }
/// }
/// # tick(1);
/// ```
///
/// Phoenix counterparts: `{:noreply, socket}` and `{:stop, reason, socket}`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Next {
    /// The channel goes on, as after returning `()`.
    #[default]
    Continue,
    /// The channel ends: the client gets `phx_close`, or `phx_error` after [`Reason::failed`].
    Stop(Reason),
}

/// What a `#[handle_info]` or `#[handle_out]` handler can return.
#[diagnostic::on_unimplemented(
    message = "this handler cannot return `{Self}`: it has nobody to reply to",
    label = "not a result of `#[handle_info]` or `#[handle_out]`",
    note = "return `()`, `Next`, or `Result<(), Fault>`; use `socket.push(..)` to tell the client something"
)]
pub trait IntoNext {
    /// What the runtime does next.
    fn into_next(self) -> Result<Next, Fault>;
}

#[diagnostic::do_not_recommend]
impl IntoNext for () {
    fn into_next(self) -> Result<Next, Fault> {
        Ok(Next::Continue)
    }
}

#[diagnostic::do_not_recommend]
impl IntoNext for Next {
    fn into_next(self) -> Result<Next, Fault> {
        Ok(self)
    }
}

impl<T: IntoNext> IntoNext for Result<T, Fault> {
    fn into_next(self) -> Result<Next, Fault> {
        self.and_then(IntoNext::into_next)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::{IntoReply, Reason};
    use crate::message::{Binary, Fault};

    #[derive(Serialize)]
    struct Refused {
        reason: &'static str,
    }

    #[test]
    fn results_become_ok_and_error_replies() {
        let ok: Result<_, Refused> = Ok(json!({ "id": 1 }));
        assert_eq!(ok.into_reply().response(), Some(json!({ "id": 1 })));
        let unit: Result<(), Refused> = Ok(());
        assert_eq!(unit.into_reply().response(), Some(json!({})));
        let none: Result<Option<u8>, Refused> = Ok(None);
        assert_eq!(none.into_reply().response(), Some(json!(null)));
        // An alias hides a result within the result.
        let nested: Result<Result<u8, Refused>, Fault> = Ok(Ok(1));
        assert_eq!(nested.into_reply().response(), Some(json!(1)));
        let nested: Result<Result<u8, Refused>, Fault> = Ok(Err(Refused { reason: "empty" }));
        let nested = nested.into_reply();
        assert!(nested.is_error());
        assert_eq!(nested.response(), Some(json!({ "reason": "empty" })));
        let refused: Result<(), _> = Err(Refused { reason: "empty" });
        let refused = refused.into_reply();
        assert!(refused.is_error());
        assert_eq!(refused.response(), Some(json!({ "reason": "empty" })));
    }

    #[test]
    fn a_fault_answers_nothing_and_ends_the_channel() {
        let failed: Result<Binary, Fault> = Err(Fault::new("database is gone"));
        let reply = failed.into_reply();
        assert!(!reply.is_error());
        assert_eq!(reply.stops(), Some(Reason::failed("database is gone")));
    }
}
