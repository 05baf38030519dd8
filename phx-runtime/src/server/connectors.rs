//! How the sockets of a mount are made, by their types.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{
    channel::{ConnectContext, Route, SocketState},
    connect::{ConnectError, ConnectInfo, Mount, MountSettings},
    endpoint::{Admitted, ConnectRequest, Connector, Counted, Endpoint, RawConnect},
    log::{self, Asking},
    message::{Fault, caught},
    raw::{Owned, Raw},
    serializer::Version,
    session::Channels,
    transport::RawSocket,
};

impl Endpoint {
    /// Lets a client in to a socket that need not be mounted, by its type, under the options of its own
    /// mount; see [`Endpoint::connect`].
    ///
    /// # Errors
    ///
    /// The socket refuses.
    pub async fn connect_socket<S: SocketState>(
        &self,
        info: ConnectInfo,
    ) -> Result<Admitted, ConnectError> {
        if let Some(raw) = S::raw() {
            return self.connect_by(&DeclaredConnector(raw), &S::mount(), info).await;
        }
        self.connect_by(&ChannelConnector::<S>(S::channels().into()), &S::mount(), info).await
    }

    /// The same for a raw socket, under the options of `mount`.
    ///
    /// # Errors
    ///
    /// The socket refuses.
    pub async fn connect_raw_socket<R: RawConnect>(
        &self,
        mount: &Mount,
        info: ConnectInfo,
    ) -> Result<Admitted, ConnectError> {
        self.connect_by(&RawConnector::<R>(std::marker::PhantomData), mount, info).await
    }

    async fn connect_by(
        &self,
        connector: &impl Connector,
        mount: &Mount,
        info: ConnectInfo,
    ) -> Result<Admitted, ConnectError> {
        let socket = connector.connect(ConnectRequest {
            info,
            endpoint: self.clone(),
            mount: Arc::new(MountSettings::new(mount)),
            serializers: [Version::V1.into(), Version::V2.into()].into(),
        });
        let connections = self.0.connections.clone();
        Ok(Admitted {
            socket: socket.await?,
            connections,
            mount: None,
            counted: Counted::default(),
        })
    }
}

/// Connects a socket with channels.
pub(super) struct ChannelConnector<S>(pub(super) Arc<[Route<S>]>);

impl<S: SocketState> Connector for ChannelConnector<S> {
    fn socket(&self) -> &'static str {
        log::short_name::<S>()
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
        log::short_name::<R>()
    }

    fn start(&self, endpoint: &Endpoint, mount: &MountSettings) {
        R::start(endpoint, mount);
    }

    fn drain<'a>(&self, endpoint: Endpoint, mount: &'a MountSettings) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let drained = caught(async {
                R::drain(endpoint, mount).await;
                Ok::<_, Fault>(())
            });
            if let Err(fault) = drained.await {
                log::socket_panicked("drain", &fault);
            }
        })
    }

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        Box::pin(async move {
            let asking = asking::<R>(&request.info);
            let connected = caught(async { R::connect(request).await }).await;
            Ok(Box::new(told(asking, connected)?) as Box<dyn RawSocket>)
        })
    }
}

/// Connects a socket that is declared without channels.
pub(super) struct DeclaredConnector<S>(pub(super) Raw<S>);

impl<S: SocketState> Connector for DeclaredConnector<S> {
    fn socket(&self) -> &'static str {
        log::short_name::<S>()
    }

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        let raw = self.0;
        Box::pin(async move {
            let ConnectRequest { info, endpoint, .. } = request;
            let asking = asking::<S>(&info);
            let connected = caught(async {
                let state = S::connect(ConnectContext::new(info, endpoint.clone())).await?;
                let owned = Owned::new(endpoint, state.id());
                Ok::<_, ConnectError>((state, owned))
            });
            let (state, owned) = told(asking, connected.await)?;
            Ok(raw.socket(state, owned))
        })
    }
}

fn asking<S>(info: &ConnectInfo) -> Asking {
    Asking {
        socket: log::short_name::<S>(),
        transport: info.transport().as_str(),
        peer: info.peer(),
    }
}

/// Logs what went wrong in the `connect` of a socket without channels; those with channels do it themselves.
fn told<T>(asking: Asking, connected: Result<T, ConnectError>) -> Result<T, ConnectError> {
    connected.inspect_err(|error| {
        if error.is_fault() {
            log::connect_failed(asking, error);
        }
    })
}
