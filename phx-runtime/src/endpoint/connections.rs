//! The open connections, so that they can be counted and told to go elsewhere.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    connection::{Connection, WeakConnection},
    message::Reason,
    wire::CloseCode,
};

/// All open connections of an endpoint.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    draining: AtomicBool,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Open>>,
    count: watch::Sender<usize>,
}

struct Open {
    /// Which mount it came in through, if through one; a small number, because each has one.
    mount: Option<u32>,
    connection: WeakConnection,
}

/// A connection's entry, which ends with it.
pub(crate) struct Registered {
    connections: Connections,
    number: u64,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            draining: AtomicBool::new(false),
            next: AtomicU64::new(0),
            open: Mutex::default(),
            count: watch::Sender::new(0),
        }))
    }

    /// Adds a connection. One that was still on its way when draining began is told to go at once.
    pub(crate) fn register(&self, mount: Option<usize>, connection: &Connection) -> Registered {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mount = mount.and_then(|index| u32::try_from(index).ok());
        let open = Open { mount, connection: connection.downgrade() };
        {
            let mut all = self.0.open.lock();
            all.insert(number, open);
            self.0.count.send_replace(all.len());
        }
        // Whoever closes all has either seen the new one under the lock, or set this before.
        if self.are_draining() {
            connection.close(CloseCode::RESTART, Reason::Draining);
        }
        Registered { connections: self.clone(), number }
    }

    /// Clients are told to go elsewhere from now on, so new ones had better go there at once.
    pub(crate) fn start_draining(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn are_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    pub(super) fn len(&self) -> usize {
        self.0.open.lock().len()
    }

    /// The open connections of one mount.
    pub(crate) fn of_mount(&self, mount: usize) -> Vec<Connection> {
        let all = self.0.open.lock();
        let mount = u32::try_from(mount).ok();
        let of_mount = all.values().filter(|open| open.mount == mount);
        of_mount.filter_map(|open| open.connection.upgrade()).collect()
    }

    /// Tells everybody who is left to connect elsewhere.
    pub(crate) fn close_all(&self) {
        let all: Vec<_> =
            self.0.open.lock().values().filter_map(|open| open.connection.upgrade()).collect();
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
        let mut all = self.connections.0.open.lock();
        all.remove(&self.number);
        self.connections.0.count.send_replace(all.len());
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;
    use crate::{connection::Connection, message::Reason, wire::CloseCode};

    #[test]
    fn who_comes_while_everybody_is_told_to_go_is_told_too() {
        let connections = Connections::new();
        let (early, late) = (Connection::new(100), Connection::new(100));
        let _early = connections.register(Some(0), &early);
        connections.start_draining();
        let _late = connections.register(Some(0), &late);
        assert_eq!(early.ending(), None);
        assert_eq!(late.ending(), Some((CloseCode::RESTART, Reason::Draining)));
    }
}
