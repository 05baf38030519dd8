//! A mount of a built endpoint: its paths, its options, and how its socket is connected.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use super::path::MountPath;
use crate::{
    channel::Route,
    serializer::Version,
    socket::{Channels, SocketState},
    transport::{
        CheckOrigin, ConnectError, ConnectRequest, LongPollOptions, Mount, RawConnect, RawSocket,
        WebSocketOptions,
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
}

impl Mounted {
    pub(super) fn new(mount: Mount, origin: &CheckOrigin, connector: Box<dyn Connector>) -> Self {
        let websocket = mount.websocket.clone().map(|options| MountedTransport {
            path: MountPath::new(&mount.path, &options.path),
            serializers: options.common.serializers.clone().into(),
            check_origin: options.common.check_origin.clone().unwrap_or_else(|| origin.clone()),
            options,
        });
        let longpoll = mount.longpoll.clone().map(|options| MountedTransport {
            path: MountPath::new(&mount.path, &options.path),
            serializers: options.common.serializers.clone().into(),
            check_origin: options.common.check_origin.clone().unwrap_or_else(|| origin.clone()),
            options,
        });
        Self { mount: Arc::new(mount), websocket, longpoll, connector }
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mount.path)
    }
}

/// Makes sockets for a mount, without the socket's type.
pub(crate) trait Connector: Send + Sync {
    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>>;
}

/// Connects a socket with channels.
pub(super) struct ChannelConnector<S>(pub(super) Arc<[Route<S>]>);

impl<S: SocketState> Connector for ChannelConnector<S> {
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
    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        Box::pin(async move { Ok(Box::new(R::connect(request).await?) as Box<dyn RawSocket>) })
    }
}
