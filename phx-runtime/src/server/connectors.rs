//! How the sockets of a mount are made, by their types.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{
    channel::{Route, SocketState},
    connect::ConnectError,
    endpoint::{ConnectRequest, Connector, RawConnect},
    log::{self, Asking},
    message::caught,
    session::Channels,
    transport::RawSocket,
};

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

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>> {
        Box::pin(async move {
            // Channels catch and log what goes wrong in their own `connect` themselves.
            let transport = request.info.transport.as_str();
            let asking =
                Asking { socket: log::short_name::<R>(), transport, peer: request.info.peer };
            let connected = caught(async { R::connect(request).await }).await;
            if let Err(error) = &connected
                && error.is_fault()
            {
                log::connect_failed(asking, error);
            }
            Ok(Box::new(connected?) as Box<dyn RawSocket>)
        })
    }
}
