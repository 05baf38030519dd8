//! What a connection hears because of its id: that it is to disconnect, and messages for its owner.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use super::handle::Endpoint;
use crate::{
    connection::Connection,
    message::{Reason, Topic},
    pubsub::{Broadcast, Pass, Place, Subscribed, Subscriber},
    wire::CloseCode,
};

/// Listens as soon as the id is known, which is before there is a connection. The client has its
/// answer later still, so whoever it is that knows of the client can disconnect it.
#[derive(Default)]
pub(crate) struct Disconnect {
    /// Whether the id was told to.
    told: AtomicBool,
    connection: OnceLock<Connection>,
    place: Place,
}

impl Disconnect {
    pub(crate) fn listen(endpoint: &Endpoint, id: Topic) -> Subscribed<Self> {
        Subscribed::new(endpoint.pubsub(), id, Arc::default())
    }

    /// The connection is there. It is closed at once if its id was told to disconnect before.
    pub(crate) fn attach(&self, connection: &Connection) {
        self.connection.get_or_init(|| connection.clone());
        self.close_if_told();
    }

    /// Whichever of the two comes second closes: each sets its own part before it looks at the
    /// other's.
    fn close_if_told(&self) {
        if self.told.load(Ordering::SeqCst)
            && let Some(connection) = self.connection.get()
        {
            connection.close(CloseCode::GOING_AWAY, Reason::Disconnected);
        }
    }
}

impl Subscriber for Disconnect {
    fn deliver(self: Arc<Self>, pass: &Pass, first: usize) {
        if pass.messages()[first..].iter().any(|message| *message.event() == "disconnect") {
            self.told.store(true, Ordering::SeqCst);
            self.close_if_told();
        }
    }

    /// A connection that is not there yet gets nothing.
    fn deliver_to_owner(&self, message: &Broadcast) {
        if let Some(connection) = self.connection.get() {
            connection.notify(message.clone());
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }
}
