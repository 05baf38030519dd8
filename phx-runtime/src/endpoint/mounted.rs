//! A mount of a built endpoint: its paths, its options, and how its socket is connected.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use http::HeaderValue;

use super::{Endpoint, path::MountPath};
use crate::{
    channel::{LogLevel, Route, caught, short_name},
    serializer::Version,
    socket::{Channels, SocketState},
    telemetry,
    transport::{
        CheckOrigin, CommonOptions, ConnectError, ConnectInfo, ConnectRequest, LongPollOptions,
        Mount, RawConnect, RawSocket, SessionOptions, WebSocketOptions, subprotocols,
    },
};

pub(crate) struct Mounted {
    pub(crate) mount: Arc<Mount>,
    pub(crate) websocket: Option<MountedTransport<WebSocketOptions>>,
    pub(crate) longpoll: Option<MountedTransport<LongPollOptions>>,
    pub(crate) connector: Box<dyn Connector>,
}

/// One transport of a mount, with what is derived from its options once.
pub(crate) struct MountedTransport<O> {
    pub(crate) path: MountPath,
    pub(crate) options: O,
    pub(crate) serializers: Arc<[Version]>,
    pub(crate) check_origin: CheckOrigin,
    pub(crate) auth_token: bool,
    pub(crate) session: Option<SessionOptions>,
    pub(crate) check_csrf: bool,
    /// What is accepted of `Sec-WebSocket-Protocol`; none if it does not matter.
    pub(crate) subprotocols: Option<Vec<HeaderValue>>,
    /// The level of the line about each request.
    pub(crate) log: LogLevel,
}

/// What the endpoint says where a mount does not.
pub(super) struct Defaults {
    pub(super) check_origin: CheckOrigin,
    pub(super) session: Option<SessionOptions>,
}

impl<O> MountedTransport<O> {
    fn new(mount: &Mount, path: &str, common: &CommonOptions, all: &Defaults, options: O) -> Self {
        Self {
            path: MountPath::new(&mount.path, path),
            serializers: common.serializers.clone().into(),
            check_origin: common.check_origin.as_ref().unwrap_or(&all.check_origin).clone(),
            auth_token: mount.auth_token,
            session: mount.session.as_ref().or(all.session.as_ref()).cloned(),
            check_csrf: common.check_csrf,
            subprotocols: None,
            log: common.transport_log,
            options,
        }
    }

    fn gives_session_to_any_page(&self) -> bool {
        self.session.is_some() && !self.check_csrf && matches!(self.check_origin, CheckOrigin::Any)
    }
}

impl Mounted {
    pub(super) fn new(mount: Mount, all: &Defaults, connector: Box<dyn Connector>) -> Self {
        let websocket = mount.websocket.clone().map(|options| {
            let subprotocols = options.subprotocols.as_deref();
            let subprotocols = subprotocols::accepted(subprotocols, mount.auth_token);
            let (path, common) = (options.path.clone(), options.common.clone());
            let transport = MountedTransport::new(&mount, &path, &common, all, options);
            MountedTransport { subprotocols, ..transport }
        });
        let longpoll = mount.longpoll.clone().map(|options| {
            let (path, common) = (options.path.clone(), options.common.clone());
            MountedTransport::new(&mount, &path, &common, all, options)
        });
        Self { mount: Arc::new(mount), websocket, longpoll, connector }
    }

    /// Whether every page of the web can connect with the session of whoever looks at it.
    pub(super) fn gives_session_to_any_page(&self) -> bool {
        self.websocket.as_ref().is_some_and(MountedTransport::gives_session_to_any_page)
            || self.longpoll.as_ref().is_some_and(MountedTransport::gives_session_to_any_page)
    }

    /// Lets the socket decide on a connection.
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        serializers: &Arc<[Version]>,
        info: ConnectInfo,
    ) -> Result<Box<dyn RawSocket>, ConnectError> {
        let (endpoint, mount) = (endpoint.clone(), self.mount.clone());
        let serializers = serializers.clone();
        let request = ConnectRequest { info, endpoint, mount, serializers };
        self.connector.connect(request).await
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mount.path)
    }
}

/// Makes sockets for a mount, without the socket's type.
pub(crate) trait Connector: Send + Sync {
    /// The socket's name in the log.
    fn socket(&self) -> &'static str;

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>>;
}

/// Connects a socket with channels.
pub(super) struct ChannelConnector<S>(pub(super) Arc<[Route<S>]>);

impl<S: SocketState> Connector for ChannelConnector<S> {
    fn socket(&self) -> &'static str {
        short_name::<S>()
    }

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        let table = self.0.clone();
        Box::pin(async move {
            let channels = Channels::connect::<S>(request, table).await?;
            Ok(Box::new(channels) as Box<dyn RawSocket>)
        })
    }
}

/// Connects a raw socket.
pub(super) struct RawConnector<R>(pub(super) std::marker::PhantomData<fn() -> R>);

impl<R: RawConnect> Connector for RawConnector<R> {
    fn socket(&self) -> &'static str {
        short_name::<R>()
    }

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        Box::pin(async move {
            // Channels catch and log what goes wrong in their own `connect` themselves.
            let transport = request.info.transport;
            let connected = caught(async { R::connect(request).await }).await;
            if let Err(error) = &connected
                && error.is_fault()
            {
                telemetry::connect_failed(short_name::<R>(), transport, error);
            }
            Ok(Box::new(connected?) as Box<dyn RawSocket>)
        })
    }
}
