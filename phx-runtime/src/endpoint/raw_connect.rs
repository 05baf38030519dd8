//! How a socket without channels comes about.

use super::{
    handle::{ConnectRequest, Endpoint},
    requirements::Requirements,
};
use crate::{
    connect::{ConnectError, MountSettings},
    transport::RawSocket,
};

/// A raw socket that can be mounted.
pub trait RawConnect: RawSocket + Sized {
    /// Registers the application state that the socket needs, so that building the endpoint fails
    /// where it was forgotten.
    fn requires(_needed: &mut Requirements) {}

    /// The endpoint was built: called once for each mount of the socket, before any client connects.
    ///
    /// Phoenix counterpart: `child_spec/1`.
    fn start(_endpoint: &Endpoint, _mount: &MountSettings) {}

    /// The endpoint drains: called once for each mount, and waited for before its connections are
    /// told to go, within the time that the mount's [`Drainer`](crate::options::Drainer) has, or 5 s
    /// without one.
    ///
    /// Phoenix counterpart: `drainer_spec/1`.
    fn drain(_endpoint: Endpoint, _mount: &MountSettings) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Decides on a connection. It may run in another task than the rest.
    fn connect(request: ConnectRequest) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}
