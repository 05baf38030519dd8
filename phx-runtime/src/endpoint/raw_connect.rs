//! How a socket without channels comes about.

use super::handle::ConnectRequest;
use crate::{connect::ConnectError, transport::RawSocket};

/// A raw socket that can be mounted.
pub trait RawConnect: RawSocket + Sized {
    /// Decides on a connection. It may run in another task than the rest.
    fn connect(request: ConnectRequest) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}
