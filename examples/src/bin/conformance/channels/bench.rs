//! The least that a benchmark needs.

use phx_runtime::prelude::*;

pub(crate) struct BenchChannel;

#[channel("bench:*")]
impl BenchChannel {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("shout")]
    fn shout(&self, payload: Payload, socket: &Socket) -> Reply {
        socket.broadcast("shout", payload);
        Reply::ack()
    }

    #[handle_in("echo")]
    fn echo(&self, payload: Payload) -> Reply {
        Reply::ok(payload)
    }

    #[handle_in("cast")]
    fn cast(&self, payload: Payload, socket: &Socket) {
        socket.broadcast("cast", payload);
    }
}
