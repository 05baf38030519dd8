//! A mount of a built endpoint: its paths, its options, and how its socket is connected.

use std::{
    fmt,
    sync::{Arc, Once},
};

use futures_util::future::BoxFuture;

use super::{Endpoint, path::MountPath};
use crate::{
    channel::{Route, caught, short_name},
    serializer::Version,
    socket::{Channels, SocketState},
    telemetry::{self, Asking},
    transport::{
        BacklogLimits, ConnectError, ConnectInfo, ConnectRequest, Mount, NoOrigin, RawConnect,
        RawSocket,
        settings::{
            Defaults, LongPollSettings, MountSettings, TransportSettings, WebSocketSettings,
        },
    },
};

pub(crate) struct Mounted {
    pub(crate) mount: Arc<MountSettings>,
    pub(crate) websocket: Option<MountedTransport<WebSocketSettings>>,
    pub(crate) longpoll: Option<MountedTransport<LongPollSettings>>,
    pub(crate) connector: Box<dyn Connector>,
}

/// One transport of a mount.
pub(crate) struct MountedTransport<T> {
    pub(crate) path: MountPath,
    pub(crate) settings: TransportSettings<T>,
    /// Used up once the log says that a client's token was not asked for.
    pub(super) untaken_token: Once,
}

impl Mounted {
    /// # Errors
    ///
    /// The mount's `check_origin` names what is no origin.
    pub(super) fn new(
        mount: &Mount,
        all: &Defaults,
        connector: Box<dyn Connector>,
    ) -> Result<Self, NoOrigin> {
        let settings = MountSettings::new(mount);
        let websocket = WebSocketSettings::of(mount, all)?.map(|settings| {
            let path = MountPath::new(&mount.path, &settings.own.path);
            MountedTransport { path, settings, untaken_token: Once::new() }
        });
        let longpoll = LongPollSettings::of(mount, all)?.map(|settings| {
            let path = MountPath::new(&mount.path, &settings.own.path);
            MountedTransport { path, settings, untaken_token: Once::new() }
        });
        Ok(Self { mount: Arc::new(settings), websocket, longpoll, connector })
    }

    /// Where it answers, in the order in which requests are looked up.
    pub(super) fn paths(&self) -> impl Iterator<Item = &MountPath> {
        let websocket = self.websocket.iter().map(|transport| &transport.path);
        websocket.chain(self.longpoll.iter().map(|transport| &transport.path))
    }

    /// How far clients may be behind, on each transport.
    pub(super) fn backlog_limits(&self) -> impl Iterator<Item = BacklogLimits> {
        let websocket = self.websocket.iter().map(|it| it.settings.own.backlog);
        websocket.chain(self.longpoll.iter().map(|it| it.settings.own.backlog))
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
            let transport = request.info.transport.as_str();
            let asking = Asking { socket: short_name::<R>(), transport, peer: request.info.peer };
            let connected = caught(async { R::connect(request).await }).await;
            if let Err(error) = &connected
                && error.is_fault()
            {
                telemetry::connect_failed(asking, error);
            }
            Ok(Box::new(connected?) as Box<dyn RawSocket>)
        })
    }
}
