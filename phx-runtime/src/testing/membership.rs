//! That a client is in a topic, from one connection to the next.

use parking_lot::Mutex;

use super::{
    inbox::Inbox,
    message::{Received, Sent},
};
use crate::message::Payload;

#[derive(Debug)]
pub(super) struct Membership {
    pub(super) topic: String,
    /// What the client joined with, and will join with again.
    pub(super) params: Payload,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    join_ref: String,
    response: Payload,
    /// Whether the server has closed the channel.
    is_over: bool,
}

impl Membership {
    pub(super) fn new(topic: String, params: Payload, join_ref: String, response: Payload) -> Self {
        Self { topic, params, state: Mutex::new(State { join_ref, response, is_over: false }) }
    }

    /// It was joined again.
    pub(super) fn renew(&self, join_ref: String, response: Payload) {
        *self.state.lock() = State { join_ref, response, is_over: false };
    }

    pub(super) fn join_ref(&self) -> String {
        self.state.lock().join_ref.clone()
    }

    pub(super) fn response(&self) -> Payload {
        self.state.lock().response.clone()
    }

    /// The server has closed the channel, and the client knows.
    pub(super) fn end(&self) {
        self.state.lock().is_over = true;
    }

    /// Whether the server has closed the channel, as the client knows or has yet to read.
    pub(super) fn is_over(&self, inbox: &Inbox) -> bool {
        let is_known = self.state.lock().is_over;
        is_known
            || inbox
                .has(|message| self.push_in(message).is_some_and(|(event, _)| event == "phx_close"))
    }

    /// The event and payload of a push that is for this channel.
    pub(super) fn push_in<'a>(&self, message: &'a Received) -> Option<(&'a str, &'a Payload)> {
        let Sent::Push { event, payload } = &message.body else { return None };
        let is_mine = message.topic == self.topic
            && message
                .join_ref
                .as_ref()
                .is_none_or(|join_ref| *join_ref == self.state.lock().join_ref);
        is_mine.then_some((event, payload))
    }
}
