//! The open connections, so that they can be counted and told to go elsewhere.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::open::{OpenConnections, Place};
use crate::{
    connect::ConnectError,
    connection::{Connection, Seat, Seats, one_client},
    log::{self, Spell},
    message::Reason,
    wire::CloseCode,
};

/// All open connections of an endpoint.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    stage: watch::Sender<Stage>,
    seats: Seats<Whose>,
    refusing: Mutex<Spell>,
    open: Mutex<OpenConnections>,
    count: watch::Sender<usize>,
}

/// How far the end of the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// It is about to end, and says so to whoever asks whether it is ready.
    Leaving,
    /// Clients are told to go elsewhere.
    Draining,
}

/// Whose connections are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Everybody,
    Client(IpAddr),
}

/// How many connections there may be: `WebSocket`s and long-polling sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    pub(crate) all: usize,
    pub(crate) per_peer: usize,
}

/// When a client may try again for whom there was no room.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(10);

impl Whose {
    /// What a client is told for whom there is no room.
    pub(crate) fn too_many(self) -> ConnectError {
        let (status, why) = match self {
            Self::Everybody => (503, "too many connections"),
            Self::Client(_) => (429, "too many connections of yours"),
        };
        ConnectError::new(why).status(status).body(why).retry_after(TRY_AGAIN)
    }
}

impl ConnectionLimits {
    pub(crate) const NONE: Self = Self { all: usize::MAX, per_peer: usize::MAX };
}

/// A connection that is let in, and counts where that is limited.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Counted {
    _seat: Option<Box<Seat<Whose>>>,
}

/// A connection's entry, which ends with it.
pub(crate) struct Registered {
    connections: Connections,
    place: Place,
    _counted: Counted,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            stage: watch::Sender::new(Stage::Serving),
            seats: Seats::default(),
            refusing: Mutex::default(),
            open: Mutex::default(),
            count: watch::Sender::new(0),
        }))
    }

    /// Makes room for a connection of this client, before its socket is asked; or tells whose
    /// connections are too many.
    pub(crate) fn count_in(
        &self,
        peer: Option<SocketAddr>,
        limits: ConnectionLimits,
    ) -> Result<Counted, Whose> {
        if limits == ConnectionLimits::NONE {
            return Ok(Counted::default());
        }
        let client = peer.map(|peer| (Whose::Client(one_client(peer.ip())), limits.per_peer));
        let taken = self.0.seats.take([Some((Whose::Everybody, limits.all)), client]);
        let refused = taken.map(|seat| Counted { _seat: Some(Box::new(seat)) });
        refused.inspect_err(|full| {
            let option = match full {
                Whose::Everybody => "max_connections",
                Whose::Client(_) => "max_connections_per_peer",
            };
            log::connection_refused(option, peer, self.0.refusing.lock().begins());
        })
    }

    /// Adds a connection. One that was still on its way when draining began is told to go at once.
    pub(crate) fn register(
        &self,
        mount: Option<usize>,
        connection: &Connection,
        counted: Counted,
    ) -> Registered {
        let place = {
            let mut open = self.0.open.lock();
            let place = open.add(mount, connection);
            self.0.count.send_replace(open.len());
            place
        };
        // Whoever closes all has either seen the new one under the lock, or set this before.
        if self.are_draining() {
            connection.close(CloseCode::RESTART, Reason::Draining);
        }
        Registered { connections: self.clone(), place, _counted: counted }
    }

    /// Clients are told to go elsewhere from now on, so new ones had better go there at once.
    pub(crate) fn start_draining(&self) {
        self.0.stage.send_replace(Stage::Draining);
    }

    /// The server is not to be sent clients any more.
    pub(crate) fn start_leaving(&self) {
        self.0.stage.send_if_modified(|stage| {
            let is_serving = *stage == Stage::Serving;
            *stage = (*stage).max(Stage::Leaving);
            is_serving
        });
    }

    pub(crate) fn are_draining(&self) -> bool {
        *self.0.stage.borrow() == Stage::Draining
    }

    pub(super) fn is_serving(&self) -> bool {
        *self.0.stage.borrow() == Stage::Serving
    }

    /// Waits until the server is about to end.
    pub(super) async fn leaving(&self) {
        let mut stage = self.0.stage.subscribe();
        // The sender lives as long as `self`.
        let _ = stage.wait_for(|stage| *stage > Stage::Serving).await;
    }

    pub(super) fn len(&self) -> usize {
        self.0.open.lock().len()
    }

    /// The open connections of one mount.
    pub(crate) fn of_mount(&self, mount: usize) -> Vec<Connection> {
        self.0.open.lock().of_mount(mount)
    }

    /// Whether a connection that came in through a mount is still open.
    pub(crate) fn has(&self, mount: usize, connection: &Connection) -> bool {
        self.of_mount(mount).iter().any(|open| open.id() == connection.id())
    }

    /// Tells everybody who is left to connect elsewhere.
    pub(crate) fn close_all(&self) {
        let all = self.0.open.lock().all();
        for connection in all {
            connection.close(CloseCode::RESTART, Reason::Draining);
        }
    }

    /// Waits until none is open.
    pub(crate) async fn all_closed(&self) {
        let mut count = self.0.count.subscribe();
        // The sender lives as long as `self`.
        let _ = count.wait_for(|open| *open == 0).await;
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut open = self.connections.0.open.lock();
        open.remove(self.place);
        self.connections.0.count.send_replace(open.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{Connections, Counted};
    use crate::{connection::Connection, message::Reason, wire::CloseCode};

    #[test]
    fn who_comes_while_everybody_is_told_to_go_is_told_too() {
        let connections = Connections::new();
        let (early, late) = (Connection::new(100), Connection::new(100));
        let _early = connections.register(Some(0), &early, Counted::default());
        connections.start_draining();
        let _late = connections.register(Some(0), &late, Counted::default());
        assert_eq!(early.ending(), None);
        assert_eq!(late.ending(), Some((CloseCode::RESTART, Reason::Draining)));
    }
}
