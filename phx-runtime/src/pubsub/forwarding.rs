//! What is broadcast on a topic, as messages to a connection's own socket.

use std::{fmt, sync::Arc};

use super::{
    pass::Pass, place::Place, subscriber::Subscriber, subscription::Subscribed, topics::PubSub,
};
use crate::{
    connection::{Connection, WeakConnection},
    message::{Info, Topic},
};

/// Hands what is broadcast on a topic to a raw socket, until it is dropped; see
/// [`Endpoint::forward`](crate::Endpoint::forward).
#[must_use = "it forwards until it is dropped"]
pub struct Forwarding(Subscribed<Forwarder>);

struct Forwarder {
    connection: WeakConnection,
    place: Place,
}

impl Forwarding {
    pub(crate) fn new(pubsub: &PubSub, topic: Topic, connection: &Connection) -> Self {
        let connection = connection.downgrade();
        let forwarder = Forwarder { connection, place: Place::default() };
        Self(Subscribed::new(pubsub, topic, Arc::new(forwarder)))
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        self.0.topic()
    }
}

impl fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Forwarding").field(self.topic()).finish()
    }
}

impl Subscriber for Forwarder {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        let Some(connection) = self.connection.upgrade() else { return };
        connection.notify_all(pass.messages()[first..].iter().cloned().map(Info::new));
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
