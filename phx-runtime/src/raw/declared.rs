//! The raw socket that calls the handlers of a declared one.

use std::{fmt, pin::Pin};

use super::{RawContext, RawHandlers};
use crate::{
    connection::Connection,
    endpoint::{Disconnect, Endpoint},
    log,
    message::{Info, Reason, Topic},
    pubsub::Subscribed,
    transport::{Handled, RawSocket},
    wire::{Control, Frame},
};

/// That a socket of type `S` handles its clients' messages itself; what
/// [`SocketState::raw`](crate::socket::SocketState::raw) returns.
pub struct Raw<S>(fn(S, Owned) -> Box<dyn RawSocket>);

impl<S: RawHandlers> Raw<S> {
    /// The socket's own handlers do.
    #[must_use]
    pub const fn handlers() -> Self {
        Self(|state, owned| Box::new(Declared { state, owned }))
    }
}

impl<S> Raw<S> {
    /// The socket of a client that was let in.
    pub(crate) fn socket(self, state: S, owned: Owned) -> Box<dyn RawSocket> {
        (self.0)(state, owned)
    }
}

impl<S> Clone for Raw<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Raw<S> {}

impl<S> fmt::Debug for Raw<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Raw")
    }
}

/// Whom a connection belongs to, and the endpoint that serves it.
pub(crate) struct Owned {
    endpoint: Endpoint,
    id: Option<Topic>,
    /// Boxed, because many connections have none.
    disconnect: Option<Box<Subscribed<Disconnect>>>,
}

impl Owned {
    /// Listens for a `disconnect` of the id from now on.
    pub(crate) fn new(endpoint: Endpoint, id: Option<String>) -> Self {
        let id = id.map(Topic::from);
        let disconnect = id.clone().map(|id| Box::new(Disconnect::listen(&endpoint, id)));
        Self { endpoint, id, disconnect }
    }

    fn context<'a>(&'a self, connection: &'a Connection) -> RawContext<'a> {
        RawContext { endpoint: &self.endpoint, connection }
    }
}

struct Declared<S> {
    state: S,
    owned: Owned,
}

impl<S: RawHandlers> RawSocket for Declared<S> {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        if let Some(disconnect) = &self.owned.disconnect {
            disconnect.subscriber().attach(connection);
        }
        self.state.init(self.owned.context(connection))
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, connection: &'a Connection) -> Handled<'a> {
        self.state.handle_in(frame, self.owned.context(connection))
    }

    fn handle_control<'a>(
        &'a mut self,
        control: Control,
        connection: &'a Connection,
    ) -> Handled<'a> {
        self.state.handle_control(control, self.owned.context(connection))
    }

    fn handle_info<'a>(&'a mut self, message: Info, connection: &'a Connection) -> Handled<'a> {
        self.state.handle_info(message, self.owned.context(connection))
    }

    fn name(&self) -> &str {
        log::short_name::<S>()
    }

    fn id(&self) -> Option<&str> {
        self.owned.id.as_ref().map(Topic::as_str)
    }

    fn terminate<'a>(
        &'a mut self,
        reason: Reason,
        connection: &'a Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.state.terminate(reason, self.owned.context(connection))
    }
}
