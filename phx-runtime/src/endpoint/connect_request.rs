//! How a socket without channels comes about.

use std::sync::Arc;

use super::Endpoint;
use crate::{
    connect::{ConnectError, ConnectInfo, MountSettings},
    serializer::Version,
    transport::RawSocket,
};

/// A raw socket that can be mounted.
pub trait RawConnect: RawSocket + Sized {
    /// Decides on a connection. It may run in another task than the rest.
    fn connect(request: ConnectRequest) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}

/// A request for a connection, as [`RawConnect::connect`] gets it.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    pub(crate) info: ConnectInfo,
    pub(crate) endpoint: Endpoint,
    pub(crate) mount: Arc<MountSettings>,
    pub(crate) serializers: Arc<[Version]>,
}

impl ConnectRequest {
    /// What is known of the request.
    pub fn info(&self) -> &ConnectInfo {
        &self.info
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
