//! A client that is about to connect.

use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use crate::{
    channel::SocketState,
    connect::{ConnectError, ConnectInfo, MountSettings, Session, params::Params},
    endpoint::{Admitted, ConnectRequest, Counted, Endpoint},
    serializer::Version,
    session::Channels,
    transport::TransportKind,
};

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
    pub async fn connect(mut self) -> Result<Client, ConnectError> {
        self.info.params.insert("vsn", "2.0.0");
        let request = ConnectRequest {
            info: self.info,
            endpoint: self.endpoint.clone(),
            mount: Arc::new(MountSettings::new(&S::mount())),
            serializers: [Version::V2.into()].into(),
        };
        let channels = Channels::connect::<S>(request, S::channels().into()).await?;
        let connections = self.endpoint.0.connections.clone();
        let counted = Counted::default();
        let admitted = Admitted { socket: Box::new(channels), connections, mount: None, counted };
        Ok(Client::new(self.endpoint.clone(), admitted))
    }
}

impl<S> fmt::Debug for Connecting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("info", &self.info).finish_non_exhaustive()
    }
}
