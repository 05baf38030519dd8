//! The raw socket that serves channels.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{SocketState, session::Session};
use crate::{
    channel::{ConnectContext, Connected, Info, Reason, Route, Topic, caught, short_name},
    serializer::Version,
    telemetry,
    transport::{ConnectError, ConnectRequest, Connection, Flow, Frame, Handled, RawSocket},
};

/// Connects a socket `S` and serves its channels.
pub(crate) struct Channels {
    session: Session,
}

impl Channels {
    /// Negotiates the protocol version, calls the socket's `connect` and finds its id.
    pub(crate) async fn connect<S: SocketState>(
        request: ConnectRequest,
        table: Arc<[Route<S>]>,
    ) -> Result<Self, ConnectError> {
        let ConnectRequest { info, endpoint, mount, serializers } = request;
        // A list or an object is no version, and not a version that is lacking.
        let vsn = info.params().value("vsn").map(|vsn| vsn.as_str().unwrap_or("[]"));
        let version = match Version::negotiate(vsn, &serializers) {
            Ok(version) => version,
            Err(error) => {
                let vsn = vsn.unwrap_or(Version::UNSTATED);
                telemetry::version_refused(short_name::<S>(), vsn, error, &serializers);
                return Err(ConnectError::new("unsupported protocol version"));
            }
        };
        let transport = info.transport();
        let log = telemetry::Connect::new(
            short_name::<S>(),
            &mount,
            &endpoint,
            transport,
            version,
            info.params(),
        );
        let cx = ConnectContext::new(info, endpoint.clone());
        let connected = caught(async {
            let user = S::connect(cx).await?;
            let id = user.id().map(Topic::from);
            Ok::<_, ConnectError>((user, id))
        });
        let connected = connected.await;
        log.decided(connected.as_ref().err());
        let (user, id) = connected?;
        let routes = Arc::new(Connected { user: Arc::new(user), table });
        Ok(Self { session: Session::new(routes, endpoint, mount, version, transport, id) })
    }
}

impl Channels {
    /// What the socket's `id` said.
    pub(crate) fn id(&self) -> Option<&Topic> {
        self.session.id()
    }
}

impl RawSocket for Channels {
    fn init(&mut self, connection: &Connection) {
        self.session.start(connection);
    }

    fn handle_in<'a>(&'a mut self, frame: Frame, _: &'a Connection) -> Handled<'a> {
        self.session.receive(&frame).into()
    }

    fn handle_info<'a>(&'a mut self, message: Info, _: &'a Connection) -> Handled<'a> {
        self.session.handle_message(message);
        Flow::Continue.into()
    }

    fn poll(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Flow> {
        self.session.poll(task);
        Poll::Pending
    }

    fn is_ready(&self) -> bool {
        self.session.is_ready()
    }

    fn terminate<'a>(
        &'a mut self,
        reason: Reason,
        _: &'a Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(self.session.terminate(reason))
    }
}
