//! A client that was let in, before it is served.

use std::fmt;

use super::connections::{Connections, Counted, Registered};
use crate::{
    connection::Connection,
    message::Reason,
    transport::{self, RawSocket, Transport},
};

/// A client whose socket let it in: what [`Endpoint::connect`](crate::Endpoint::connect) gives a transport.
///
/// Dropped, it is as if the client had gone before its connection was there.
#[must_use = "a client that was let in is to be served"]
pub struct Admitted {
    pub(crate) socket: Box<dyn RawSocket>,
    pub(crate) connections: Connections,
    /// The index of its mount; none if it came in without one.
    pub(crate) mount: Option<usize>,
    /// Its place among those of its client, where there is a limit.
    pub(crate) counted: Counted,
}

impl Admitted {
    /// Serves the client until its connection ends, and says how it ended.
    ///
    /// The endpoint counts the connection from now on, and tells it to go when it drains. The socket's
    /// panics close it with code 1011; a panic of the transport, or dropping the future, ends it as
    /// [`Reason::Lost`]. However it ends, the socket's `terminate` runs once, and may take 5 s.
    ///
    /// ```
    /// # use std::{io, task::{Context, Poll}};
    /// # use phx_runtime::{ConnectInfo, Endpoint, Params,
    /// #     transport::{Connection, Transport, TransportKind}};
    /// async fn serve<T: Transport + 'static>(endpoint: &Endpoint, client: T) {
    ///     let params = Params::from_iter([("vsn", "2.0.0")]);
    ///     let info = ConnectInfo::new(TransportKind::Custom("mine"), params);
    ///     match endpoint.connect("/socket", info).await {
    ///         Ok(admitted) => {
    ///             tokio::spawn(admitted.serve(Connection::new(1 << 20), client));
    ///         }
    ///         Err(refused) => eprintln!("{refused}"),
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// The future panics outside of a Tokio runtime with time.
    pub fn serve<T: Transport>(
        self,
        connection: Connection,
        transport: T,
    ) -> impl Future<Output = Reason> + Send + use<T> {
        let registered = self.connections.register(self.mount, &connection, self.counted);
        transport::serve(self.socket, connection, transport, registered)
    }

    /// The socket, and its place among the connections that are counted and told to go.
    pub(crate) fn register(self, connection: &Connection) -> (Box<dyn RawSocket>, Registered) {
        (self.socket, self.connections.register(self.mount, connection, self.counted))
    }

    /// What the socket says whom the connection belongs to.
    pub fn id(&self) -> Option<&str> {
        self.socket.id()
    }

    /// The socket itself, for those who call its methods by themselves: then nobody counts the
    /// connection and nobody catches panics. [`RawSocket::terminate`] is to be called at its end; the
    /// channels of a socket that is dropped without it are told that the connection was lost.
    pub fn into_socket(self) -> Box<dyn RawSocket> {
        self.socket
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("socket", &self.socket.name()).finish_non_exhaustive()
    }
}
