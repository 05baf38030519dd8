//! What became of a message, for transports that say so of each.

use std::{future::poll_fn, task::Poll};

use super::Session;
use crate::{
    serializer::{ClientMessage, Message},
    transport::Dispatched,
};

impl Session {
    /// Handles a message whose frame had so many bytes, and says what became of it. A join may take
    /// time; until it is decided, nothing else of this client is handled.
    pub(super) async fn dispatch(&mut self, message: Message, bytes: usize) -> Dispatched {
        let (kind, topic) = (message.kind(), message.topic.clone());
        let was_joined = self.slots.get_mut(&topic).is_some();
        self.core.refusals.ask();
        self.route(message, bytes);
        if kind == ClientMessage::Join {
            poll_fn(|task| {
                self.poll(task);
                if self.is_joining(&topic) { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
        }
        let refusal = self.core.refusals.take();
        match (kind, refusal.filter(|refusal| refusal.topic == topic)) {
            (_, Some(refusal)) => Dispatched::Refused(refusal.response),
            (ClientMessage::Join, None) => Dispatched::Joined,
            (ClientMessage::Heartbeat | ClientMessage::Limits, None) => Dispatched::Answered,
            (ClientMessage::Leave, None) if !was_joined => Dispatched::Answered,
            (ClientMessage::Leave | ClientMessage::Event, None) => Dispatched::Forwarded,
        }
    }

    /// Whether a join of this topic is not decided.
    fn is_joining(&mut self, topic: &str) -> bool {
        self.slots.get_mut(topic).is_some_and(|slot| slot.is_joining())
    }
}
