//! Channels that listen to topics of others.

use std::sync::{Arc, Weak};

use super::member::{Ending, Member, SessionMessage};
use crate::{
    message::Info,
    pubsub::{Pass, Place, Subscribed, Subscriber},
};

/// A channel's subscription to a topic that is not its own. The channel keeps it, not the other way
/// round.
pub(super) struct Foreign {
    member: Weak<Member>,
    place: Place,
}

impl Foreign {
    pub(super) fn new(member: Weak<Member>) -> Self {
        Self { member, place: Place::default() }
    }
}

impl Ending for Subscribed<Foreign> {}

impl Subscriber for Foreign {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        let Some(member) = self.member.upgrade() else { return };
        member.session.connection.notify_all(pass.messages()[first..].iter().map(|message| {
            let info = Info::new(message.clone());
            Info::new(SessionMessage::Info(self.member.clone(), info))
        }));
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
