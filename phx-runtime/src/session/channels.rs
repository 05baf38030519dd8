//! The raw socket that serves channels.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

use super::{Accepted, Session};
use crate::{
    channel::{ConnectContext, Connected, Route, SocketState},
    connect::ConnectError,
    connection::Connection,
    endpoint::{ConnectRequest, Disconnect},
    log::{self, Asking, ConnectLine},
    message::{Info, Payload, Reason, Topic, caught},
    serializer::{Message, Protocol, Version, VersionError},
    transport::{Dispatched, Dispatching, Flow, Handled, RawSocket, TransportKind},
    wire::{CloseCode, Frame},
};

/// Connects a socket `S` and serves its channels.
pub(crate) enum Channels {
    /// The client was let in. Boxed, because that soon passes.
    Accepted(Box<Accepted>),
    /// Its connection is established.
    Serving(Session),
    /// Dropped, and its channels end elsewhere.
    Over,
}

impl Channels {
    /// Negotiates the protocol version, calls the socket's `connect` and finds its id.
    pub(crate) async fn connect<S: SocketState>(
        request: ConnectRequest,
        table: Arc<[Route<S>]>,
    ) -> Result<Self, ConnectError> {
        let ConnectRequest { info, endpoint, mount, serializers } = request;
        let (socket, transport) = (log::short_name::<S>(), info.transport());
        let asking = Asking { socket, transport: transport.as_str(), peer: info.peer() };
        // A list or an object is no version, and not a version that is lacking.
        let vsn = info.params().value("vsn").map(|vsn| vsn.as_str().unwrap_or("[]"));
        let protocol = match Protocol::negotiate(vsn, &serializers) {
            Ok(protocol) => protocol,
            Err(error) => {
                let vsn = vsn.unwrap_or(Version::UNSTATED);
                match error {
                    VersionError::Invalid => log::invalid_version(asking, vsn),
                    VersionError::Unsupported => {
                        log::unsupported_version(asking, vsn, &serializers);
                    }
                }
                return Err(ConnectError::new("unsupported protocol version"));
            }
        };
        let filter = endpoint.filter_parameters(mount.filter_parameters.as_ref());
        let log = ConnectLine::new(mount.log, asking, protocol.codec(), info.params(), filter);
        let cx = ConnectContext::new(info, endpoint.clone());
        let connected = caught(async {
            let user = S::connect(cx).await?;
            let id = user.id().map(Topic::from);
            let disconnect = id.clone().map(|id| Box::new(Disconnect::listen(&endpoint, id)));
            Ok::<_, ConnectError>((user, id, disconnect))
        });
        let connected = connected.await;
        match (&connected, log) {
            (Err(error), _) if error.is_fault() => log::connect_failed(asking, error),
            (Err(error), Some(log)) => log.refused(error),
            (Ok((_, id, _)), Some(log)) => log.connected(id.as_ref()),
            (_, None) => {}
        }
        let (user, id, disconnect) = connected?;
        let codec = protocol.codec().clone();
        let tells_refusals =
            transport == TransportKind::LongPoll && protocol.long_poll.tells_refusals();
        let routes = Arc::new(Connected { user, table });
        let accepted =
            Accepted { routes, endpoint, mount, codec, tells_refusals, transport, id, disconnect };
        Ok(Self::Accepted(Box::new(accepted)))
    }

    /// What the socket's `id` said.
    pub(crate) fn id(&self) -> Option<&Topic> {
        match self {
            Self::Accepted(accepted) => accepted.id.as_ref(),
            Self::Serving(session) => session.id(),
            Self::Over => None,
        }
    }
}

impl Drop for Channels {
    /// Whoever drives a socket by hand may drop it wherever it is: its channels end all the same.
    fn drop(&mut self) {
        let Self::Serving(session) = self else { return };
        if !session.has_channels() {
            return;
        }
        // Before the task has it: a runtime that shuts down drops it at once, and that was it.
        session.end(Reason::Lost);
        session.leave_topics();
        let Ok(runtime) = Handle::try_current() else { return };
        let mut left = std::mem::replace(self, Self::Over);
        runtime.spawn(async move {
            if let Self::Serving(session) = &mut left {
                session.terminate(Reason::Lost).await;
            }
        });
    }
}

/// A transport that hands something over before `init` gets its connection stopped.
impl RawSocket for Channels {
    fn init<'a>(&'a mut self, connection: &'a Connection) -> Handled<'a> {
        if let Self::Accepted(accepted) = self {
            *self = Self::Serving(accepted.start(connection));
        }
        Flow::Continue.into()
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, _: &'a Connection) -> Handled<'a> {
        match self {
            Self::Accepted(_) | Self::Over => Flow::Stop(CloseCode::INTERNAL).into(),
            Self::Serving(session) => session.receive(frame),
        }
    }

    fn dispatch<'a>(&'a mut self, message: Message, _: &'a Connection) -> Dispatching<'a> {
        match self {
            Self::Accepted(_) | Self::Over => {
                let refused = Dispatched::Refused(Payload::empty_object());
                Box::pin(std::future::ready(refused))
            }
            Self::Serving(session) => {
                let bytes = message.payload.len();
                Box::pin(session.dispatch(message, bytes))
            }
        }
    }

    fn handle_info<'a>(&'a mut self, message: Info, _: &'a Connection) -> Handled<'a> {
        if let Self::Serving(session) = self {
            session.handle_message(message);
        }
        Flow::Continue.into()
    }

    fn poll(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Flow> {
        if let Self::Serving(session) = self {
            session.poll(task);
        }
        Poll::Pending
    }

    fn name(&self) -> &str {
        match self {
            Self::Accepted(accepted) => accepted.routes.socket(),
            Self::Serving(session) => session.name(),
            Self::Over => "",
        }
    }

    fn id(&self) -> Option<&str> {
        Self::id(self).map(Topic::as_str)
    }

    fn is_ready(&self) -> bool {
        match self {
            Self::Accepted(_) | Self::Over => true,
            Self::Serving(session) => session.is_ready(),
        }
    }

    fn terminate<'a>(
        &'a mut self,
        reason: Reason,
        _: &'a Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        match self {
            Self::Accepted(_) | Self::Over => Box::pin(std::future::ready(())),
            Self::Serving(session) => Box::pin(session.terminate(reason)),
        }
    }
}
