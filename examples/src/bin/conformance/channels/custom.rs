//! A channel without the macro: the traits that it implements, written by hand.

use phx_runtime::{
    channel::{Channel, Context, Handling, Join, JoinContext, Pattern},
    prelude::*,
    socket::SocketState,
};

use crate::values::text_field;

pub(crate) struct CustomChannel;

impl Channel for CustomChannel {
    const PATTERNS: &'static [Pattern] = &[Pattern::new("custom:*")];

    fn handle_in(self: Box<Self>, _: Payload, cx: Context) -> Handling {
        match cx.event().as_str() {
            "close" => Handling::done(self, Reply::stop(Reason::Normal)),
            _ => Handling::unmatched_event(self, &cx),
        }
    }
}

impl<S: SocketState> Join<S> for CustomChannel {
    async fn join(cx: JoinContext<S>) -> Result<Joined<Self>, JoinError> {
        let action = text_field(&cx.payload(), "action");
        match action.as_deref() {
            Some("ok") => Ok(Joined::new(Self).reply(json!({ "action": "ok" }))),
            Some("ignore") => Err(JoinError::with(json!({ "action": "ignore" }))),
            _ => Err(Fault::new("told to fail").into()),
        }
    }
}
