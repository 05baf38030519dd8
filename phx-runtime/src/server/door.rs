//! The way in for clients of transports outside of this crate that have a request to show.

use std::{fmt, net::SocketAddr};

use http::{StatusCode, request::Parts};

use super::{matched::At, request::Request};
use crate::{
    connect::{ConnectError, ConnectInfo, CustomSettings},
    endpoint::{Admitted, Endpoint, TRY_AGAIN, Whose},
    transport::TransportKind,
};

impl Endpoint {
    /// The door of the mount at `path` for transports from outside; none where nothing is mounted
    /// that is [open](crate::options::Mount::custom) to them.
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use phx_runtime::{ConnectError, Endpoint, endpoint::Admitted};
    /// async fn let_in(
    ///     endpoint: &Endpoint,
    ///     request: &http::request::Parts,
    ///     peer: SocketAddr,
    /// ) -> Result<Admitted, ConnectError> {
    ///     let door = endpoint.door("/socket").ok_or_else(|| ConnectError::new("no socket"))?;
    ///     let info = door.check("sse", request, Some(peer))?;
    ///     door.admit(info).await
    /// }
    /// ```
    pub fn door(&self, path: &str) -> Option<Door> {
        At::find(self, path, |mounted| mounted.custom.as_ref()).map(Door)
    }
}

/// A mount as a transport from outside finds it: what the built-in ones ask of a request, and what they
/// tell of it, under the mount's own options.
pub struct Door(At<CustomSettings>);

impl Door {
    /// What the built-in transports do with a request for a connection: log it, check its origin, read
    /// its query, its token and its session with the CSRF token. What `#[connect]` is to know comes
    /// out.
    ///
    /// # Errors
    ///
    /// Pages of the request's origin may not connect (status 403), or the query is no good (400).
    /// [`ConnectError::to_response`] is the answer.
    pub fn check(
        &self,
        transport: &'static str,
        request: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<ConnectInfo, ConnectError> {
        let At { endpoint, transport: custom, variables, .. } = &self.0;
        let kind = TransportKind::Custom(transport);
        let request = Request::of(request, peer);
        request.log(kind, custom);
        if !request.is_allowed(custom) {
            return Err(ConnectError::new("the origin is not allowed"));
        }
        let bad = StatusCode::BAD_REQUEST.as_u16();
        let query = request.query();
        let mut params = query.map_err(|error| ConnectError::new(error.to_string()).status(bad))?;
        params.extend(variables.clone());
        Ok(request.connect_info(kind, params, custom, endpoint))
    }

    /// Lets the mount's socket decide on a connection, which may speak what the mount says.
    ///
    /// # Errors
    ///
    /// The socket refuses, the endpoint is draining or serves as many connections as it may (status
    /// 503), or that many of this client (429).
    pub async fn admit(&self, info: ConnectInfo) -> Result<Admitted, ConnectError> {
        let endpoint = &self.0.endpoint;
        if endpoint.0.connections.are_draining() {
            let away = ConnectError::new("the server is going away").status(503);
            return Err(away.retry_after(TRY_AGAIN));
        }
        let counted = endpoint.count_in(info.peer()).map_err(Whose::too_many)?;
        self.0.admit(info, counted).await
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Door").field(&self.0.mounted).finish()
    }
}
