//! Which transport of which mount a request is for.

use std::sync::Arc;

use http::Method;

use crate::{
    connect::{ConnectError, ConnectInfo, LongPollSettings, WebSocketSettings, params::Params},
    endpoint::{Admitted, Counted, Endpoint, Mounted, MountedTransport, RequestPath},
};

/// What a request is for.
pub(super) enum Matched {
    WebSocket(At<WebSocketSettings>),
    LongPoll(At<LongPollSettings>),
    /// A session of long-polling is to be opened where there are no polls.
    Opening(At<LongPollSettings>),
}

/// The transport of a mount that a request is for.
pub(super) struct At<T> {
    pub(super) endpoint: Endpoint,
    pub(super) mounted: Arc<Mounted>,
    pub(super) transport: Arc<MountedTransport<T>>,
    /// The variables in its path.
    pub(super) variables: Params,
}

impl Matched {
    pub(super) fn find(endpoint: &Endpoint, method: &Method, path: &str) -> Option<Self> {
        let mounts = &endpoint.0.mounts;
        let all = mounts.iter().flat_map(|mounted| mounted.paths().chain(&mounted.opening));
        let path = &RequestPath::new(path, all);
        // WebSockets may be opened at the same path.
        let may_open = [Method::POST, Method::OPTIONS].contains(method);
        mounts.iter().find_map(|mounted| {
            let websocket = || At::matched(endpoint, mounted, mounted.websocket.as_ref(), path);
            let longpoll = || At::matched(endpoint, mounted, mounted.longpoll.as_ref(), path);
            let opening = mounted.opening.as_ref().filter(|_| may_open);
            let opening = opening.and_then(|at| {
                let (variables, transport) = (at.matches(path)?, mounted.longpoll.clone()?);
                let (endpoint, mounted) = (endpoint.clone(), mounted.clone());
                Some(Self::Opening(At { endpoint, mounted, transport, variables }))
            });
            let websocket = || websocket().map(Self::WebSocket);
            opening.or_else(websocket).or_else(|| longpoll().map(Self::LongPoll))
        })
    }
}

impl<T> At<T> {
    /// Finds a mount that has one kind of transport.
    pub(super) fn find(
        endpoint: &Endpoint,
        path: &str,
        transport_of: impl Fn(&Mounted) -> Option<&Arc<MountedTransport<T>>>,
    ) -> Option<Self> {
        let mounts = &endpoint.0.mounts;
        let open = mounts.iter().filter_map(|mounted| transport_of(mounted));
        let path = &RequestPath::new(path, open.map(|transport| &transport.path));
        let matched = |mounted| Self::matched(endpoint, mounted, transport_of(mounted), path);
        mounts.iter().find_map(matched)
    }

    fn matched(
        endpoint: &Endpoint,
        mounted: &Arc<Mounted>,
        transport: Option<&Arc<MountedTransport<T>>>,
        path: &RequestPath<'_>,
    ) -> Option<Self> {
        let transport = transport?;
        let variables = transport.path.matches(path)?;
        let (endpoint, mounted) = (endpoint.clone(), mounted.clone());
        Some(Self { endpoint, mounted, transport: transport.clone(), variables })
    }

    /// Lets the mount's socket decide on a connection, for which there is room.
    pub(super) async fn admit(
        &self,
        info: ConnectInfo,
        counted: Counted,
    ) -> Result<Admitted, ConnectError> {
        let serializers = &self.transport.settings.serializers;
        self.endpoint.admit(&self.mounted, serializers, info, counted).await
    }
}
