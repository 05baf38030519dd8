//! Replies that come later.

use super::socket::Socket;
use crate::{
    message::{Payload, ToPayload},
    serializer::MessageRef,
};

/// The right to answer one message, from anywhere and at any time.
///
/// Take it as an argument of a `#[handle_in]` handler that returns `()`. A reply to a channel that
/// has ended meanwhile goes nowhere. Stock clients take the first reply to a message and ignore
/// others.
///
/// A message without a `ref` cannot be answered: there the argument is a fault. Take
/// `Option<ReplyRef>` if clients send such messages.
///
/// ```
/// use phx_runtime::{ReplyRef, json};
///
/// async fn render() -> String {
///     "a long report".to_owned()
/// }
///
/// fn export(reply: ReplyRef) {
///     tokio::spawn(async move {
///         let report = render().await;
///         reply.ok(json!({ "report": report }));
///     });
/// }
/// # let _ = export;
/// ```
///
/// Phoenix counterparts: `socket_ref/1` and `reply/2`.
#[derive(Clone, Debug)]
pub struct ReplyRef {
    socket: Socket,
    reference: MessageRef,
}

impl ReplyRef {
    pub(crate) fn new(socket: Socket, reference: MessageRef) -> Self {
        Self { socket, reference }
    }

    /// Replies with status `ok`. A response that cannot be encoded ends the channel with `phx_error`.
    pub fn ok(&self, response: impl ToPayload) {
        self.status("ok", response);
    }

    /// Replies with status `error`; otherwise as [`ok`](Self::ok).
    pub fn error(&self, response: impl ToPayload) {
        self.status("error", response);
    }

    /// Replies with status `ok` and the response `{}`.
    pub fn ack(&self) {
        self.socket.reply(&self.reference, "ok", &Payload::empty_object());
    }

    /// Replies with any status, which the client's `receive(status, …)` listens for; otherwise as
    /// [`ok`](Self::ok).
    pub fn status(&self, status: &str, response: impl ToPayload) {
        match response.to_payload() {
            Ok(response) => self.socket.reply(&self.reference, status, &response),
            Err(error) => self.socket.fail(error.into()),
        }
    }

    /// The message's ref, as the JSON text that the client sent.
    pub fn reference(&self) -> &str {
        self.reference.as_json()
    }
}
