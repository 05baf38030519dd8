//! A client that is about to connect.

use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::Serialize;
use serde_json::Value;

use super::{
    client::Client,
    line::{Dial, Link},
    memory,
};
use crate::{
    channel::SocketState,
    connect::{ConnectError, ConnectInfo, Session, params::Params},
    endpoint::Endpoint,
    transport::TransportKind,
};

/// How long a client of a socket that is not mounted may be silent.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client that is about to connect to the socket `S`; made by [`client`](super::client()).
#[must_use = "it connects with `connect`"]
pub struct Connecting<'a, S> {
    endpoint: &'a Endpoint,
    info: ConnectInfo,
    socket: PhantomData<fn() -> S>,
}

impl<'a, S: SocketState> Connecting<'a, S> {
    pub(super) fn new(endpoint: &'a Endpoint) -> Self {
        let info = ConnectInfo::new(TransportKind::Custom("test"), Params::default());
        Self { endpoint, info, socket: PhantomData }
    }

    /// The fields of `params` as connection parameters. Numbers and the like become texts, as clients
    /// write them.
    ///
    /// # Panics
    ///
    /// Panics if `params` is no JSON object.
    pub fn params(mut self, params: impl Serialize) -> Self {
        self.info.params = match serde_json::to_value(params) {
            Ok(Value::Object(fields)) => Params::from_fields(fields),
            other => panic!("connection parameters are a JSON object, not {other:?}"),
        };
        self
    }

    /// The token that a client sends outside of the URL.
    ///
    /// # Panics
    ///
    /// Panics if the socket does not have `auth_token`: then no client's token would arrive.
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        assert!(
            S::mount().takes_auth_token(),
            "the socket takes no token: `#[socket(.., auth_token = true)]`"
        );
        self.info.auth_token = Some(token.into());
        self
    }

    /// A header of the request. As in production, [`ConnectInfo`] shows those whose names begin with
    /// `x-` or `sec-websocket-`, `user-agent`, `traceparent` and `tracestate`.
    ///
    /// # Panics
    ///
    /// Panics if no request can have such a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = name.parse::<HeaderName>().ok().zip(value.parse::<HeaderValue>().ok());
        let Some((header, value)) = header else { panic!("{name:?}: {value:?} is no header") };
        let mut all = HeaderMap::new();
        all.insert(header, value);
        self.info.headers.extend(ConnectInfo::shown_headers(&all));
        self
    }

    /// The session that the application gave the browser.
    pub fn session(mut self, session: Session) -> Self {
        self.info.session = Some(session);
        self
    }

    /// The client's address.
    pub fn peer(mut self, peer: impl Into<SocketAddr>) -> Self {
        self.info.peer = Some(peer.into());
        self
    }

    /// The URI of the request, with host and port.
    ///
    /// # Panics
    ///
    /// Panics if the text is no URI.
    pub fn uri(mut self, uri: &str) -> Self {
        self.info.uri = uri.parse::<Uri>().unwrap_or_else(|error| panic!("{uri:?}: {error}"));
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// The socket's `#[connect]` refuses.
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime.
    pub async fn connect(self) -> Result<Client, ConnectError> {
        let Self { endpoint, mut info, .. } = self;
        info.params.insert("vsn", "2.0.0");
        let dial: Dial =
            Arc::new(move |endpoint| Box::pin(over_memory::<S>(endpoint.clone(), info.clone())));
        let link = dial(endpoint).await?;
        Ok(Client::new(endpoint.clone(), dial, link))
    }
}

async fn over_memory<S: SocketState>(
    endpoint: Endpoint,
    info: ConnectInfo,
) -> Result<Link, ConnectError> {
    let admitted = endpoint.connect_socket::<S>(info).await?;
    let path = S::mount().path;
    let mounted = endpoint.0.mounts.iter().find(|mounted| mounted.mount.path == path);
    let websocket = mounted.and_then(|mounted| mounted.websocket.as_ref());
    let timeout = websocket.map_or(Some(TIMEOUT), |websocket| websocket.settings.own.timeout);
    Ok(memory::serve(admitted, timeout))
}

impl<S> Clone for Connecting<'_, S> {
    fn clone(&self) -> Self {
        Self { endpoint: self.endpoint, info: self.info.clone(), socket: PhantomData }
    }
}

impl<S> fmt::Debug for Connecting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("info", &self.info).finish_non_exhaustive()
    }
}
