//! Gives back what it gets.

use std::time::Duration;

use phx_runtime::prelude::*;

use crate::values::field;

pub(crate) struct EchoChannel;

/// An answer that waits for its time.
struct Later {
    reply: ReplyRef,
    response: Payload,
}

#[channel("echo:*", "exact")]
impl EchoChannel {
    #[join]
    async fn join(params: Payload) -> Result<Joined<Self>, JoinError> {
        let joined = Joined::new(Self);
        Ok(match field(&params, "reply") {
            Some(reply) => joined.reply(reply),
            None => joined,
        })
    }

    #[handle_in("echo")]
    fn echo(&self, payload: Payload) -> Reply {
        Reply::ok(payload)
    }

    #[handle_in("noreply")]
    async fn noreply(&self, _: Payload) {}

    #[handle_in("err")]
    async fn err(&self, _: Payload) -> Reply {
        Reply::error(json!({ "reason": "bad" }))
    }

    #[handle_in("push")]
    async fn push(&self, payload: Payload, socket: &Socket) {
        socket.push("pushed", payload);
    }

    #[handle_in("stop")]
    async fn stop(&self, _: Payload) -> Reply {
        Reply::ok(json!({ "bye": true })).and_stop(Reason::Normal)
    }

    #[handle_in("async")]
    async fn later(&self, response: Payload, reply: ReplyRef, socket: &Socket) {
        socket.notify_after(Duration::from_millis(50), Later { reply, response });
    }

    #[handle_info]
    async fn now(&self, Later { reply, response }: Later) {
        reply.ok(response);
    }
}
