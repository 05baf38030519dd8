//! A mount of a built endpoint: its paths, its options, and how its socket is connected.

use std::{
    fmt,
    sync::{Arc, Once},
};

use futures_util::future::BoxFuture;

use super::{Endpoint, connect_request::ConnectRequest, path::MountPath};
use crate::{
    connect::{
        ConnectError, ConnectInfo, Defaults, LongPollSettings, Mount, MountSettings, NoOrigin,
        TransportSettings, WebSocketSettings,
    },
    connection::BacklogLimits,
    serializer::Version,
    transport::RawSocket,
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
    pub(crate) untaken_token: Once,
}

impl Mounted {
    /// # Errors
    ///
    /// The mount's `check_origin` names what is no origin.
    pub(crate) fn new(
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
    pub(crate) fn paths(&self) -> impl Iterator<Item = &MountPath> {
        let websocket = self.websocket.iter().map(|transport| &transport.path);
        websocket.chain(self.longpoll.iter().map(|transport| &transport.path))
    }

    /// How far clients may be behind, on each transport.
    pub(crate) fn backlog_limits(&self) -> impl Iterator<Item = BacklogLimits> {
        let websocket = self.websocket.iter().map(|it| *it.settings.own.backlog);
        websocket.chain(self.longpoll.iter().map(|it| it.settings.own.backlog))
    }

    /// Lets the socket decide on a connection.
    pub(crate) async fn connect(
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
