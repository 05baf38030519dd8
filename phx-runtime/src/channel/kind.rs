//! What the channels of a route have in common.

use super::options::ChannelOptions;
use crate::{
    log::{FilterParameters, HandleInLine, JoinLine, Whose},
    message::{Payload, Topic},
    serializer::{Message, MessageRef},
};

/// What is the same for all channels of one route.
#[derive(Debug)]
pub(crate) struct ChannelKind {
    /// The channel's type, for the log.
    pub(crate) name: &'static str,
    pub(crate) intercepts: &'static [&'static str],
    /// The typed events that it lists, if it lists any.
    pub(crate) sends: &'static [&'static str],
    pub(crate) options: ChannelOptions,
}

impl ChannelKind {
    /// Whether it may send a typed event: it lists it, or nothing at all.
    pub(super) fn lists(&self, event: &str) -> bool {
        self.sends.is_empty() || self.sends.contains(&event)
    }

    /// What its lines hide, where the connection says `otherwise` if it does not.
    fn filter<'a>(&'a self, otherwise: &'a FilterParameters) -> &'a FilterParameters {
        self.options.filter_parameters.as_ref().unwrap_or(otherwise)
    }

    /// The line about a join that is about to be decided.
    pub(super) fn join_line(
        &self,
        topic: &Topic,
        payload: &Payload,
        otherwise: &FilterParameters,
    ) -> Option<JoinLine> {
        JoinLine::new(self.options.log_join, topic, payload, self.filter(otherwise))
    }

    /// The line about an event that is about to be handled.
    pub(crate) fn handle_in_line(
        &self,
        message: &Message,
        id: Option<&Topic>,
        otherwise: &FilterParameters,
    ) -> Option<Box<HandleInLine>> {
        let whose = Whose { channel: self.name, topic: &message.topic, id };
        let reference = message.reference.as_ref().map(MessageRef::as_json);
        let (event, payload) = (&message.event, &message.payload);
        let (level, filter) = (self.options.log_handle_in, self.filter(otherwise));
        HandleInLine::new(level, whose, event, reference, payload, filter)
    }
}
