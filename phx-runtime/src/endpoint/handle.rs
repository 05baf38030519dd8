//! The handle of an endpoint that everybody holds.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{
    admitted::Admitted,
    connections::{Connections, Counted, Whose},
    mounted::MountedWith,
    path::RequestPath,
    server_options::ServerOptions,
    state::State,
};
use crate::{
    cluster::Engine,
    connect::{ConnectError, ConnectInfo, ForceSsl, MountSettings, OwnHost, ProxyRule},
    connection::Connection,
    log::{self, FilterParameters},
    message::{EncodeError, EventName, Fault, ToPayload, TopicName, TypedEvent},
    opaque::Opaque,
    pubsub::{Broadcast, Forwarding, Pace, PubSub, Subscription, for_owner},
    serializer::{Protocol, Version},
    token::Secret,
    transport::{RawSocket, longpoll::Sessions},
};

/// Sockets, their topics, and the application's state; everything that one server serves. Cheap to
/// clone.
///
/// ```no_run
/// # use phx_runtime::{
/// #     ConnectError,
/// #     options::{Mount, WebSocketOptions},
/// #     socket::{ConnectContext, SocketState},
/// # };
/// # struct UserSocket;
/// # impl SocketState for UserSocket {
/// #     fn mount() -> Mount { Mount::new("/socket").websocket(WebSocketOptions::new()) }
/// #     async fn connect(_: ConnectContext) -> Result<Self, ConnectError> { Ok(UserSocket) }
/// # }
/// use phx_runtime::Endpoint;
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = Endpoint::builder().state("a database".to_owned()).socket::<UserSocket>().build()?;
/// endpoint.serve(([127, 0, 0, 1], 4000)).await?;
/// # Ok(())
/// # }
/// ```
///
/// Phoenix counterpart: `MyAppWeb.Endpoint`.
#[derive(Clone)]
pub struct Endpoint(pub(crate) Opaque<Inner>);

pub(crate) struct Inner {
    pub(crate) states: HashMap<TypeId, AnyState>,
    /// Those that are made with the endpoint, each there once it was made.
    pub(crate) made_states: HashMap<TypeId, OnceLock<AnyState>>,
    pub(crate) pubsub: PubSub,
    pub(crate) filter_parameters: FilterParameters,
    pub(crate) host: OwnHost,
    pub(crate) secret: Secret,
    pub(crate) mounts: Vec<Arc<Mounted>>,
    pub(crate) connections: Connections,
    pub(crate) sessions: Sessions,
    pub(crate) server: ServerOptions,
    /// The other nodes, if the endpoint is one of several.
    pub(crate) cluster: Option<Arc<dyn Engine>>,
    pub(crate) proxies: ProxyRule,
    pub(crate) force_ssl: Option<ForceSsl>,
    /// Those that start with the server.
    pub(crate) tasks: Mutex<Vec<Task>>,
}

/// A state of the application, without its type.
pub(crate) type AnyState = Box<dyn Any + Send + Sync>;

/// Makes the future of a task of the application.
pub(crate) type Task = Box<dyn FnOnce(Endpoint) -> BoxFuture<'static, ()> + Send>;

impl Endpoint {
    /// Broadcasts an event to everyone who joined a topic, on all nodes.
    ///
    /// # Errors
    ///
    /// The payload cannot be encoded, or other nodes cannot be sent so much; then nobody gets it.
    ///
    /// Phoenix counterpart: `Endpoint.broadcast/3`.
    pub fn try_broadcast(
        &self,
        topic: impl TopicName,
        event: impl EventName,
        payload: impl ToPayload,
    ) -> Result<(), EncodeError> {
        let payload = payload.to_payload()?;
        let broadcast = Broadcast::new(topic.into(), event.as_ref(), &payload, None)?;
        self.0.pubsub.tell_others(&broadcast)?;
        self.publish(broadcast);
        Ok(())
    }

    /// Broadcasts as [`try_broadcast`](Self::try_broadcast) does, and logs what cannot be encoded.
    pub fn broadcast(&self, topic: impl TopicName, event: impl EventName, payload: impl ToPayload) {
        let topic = topic.into();
        if let Err(error) = self.try_broadcast(&topic, event.as_ref(), payload) {
            log::broadcast_failed(&topic, event.as_ref(), error);
        }
    }

    /// Broadcasts a typed event to everyone who joined a topic; otherwise as
    /// [`broadcast`](Self::broadcast).
    ///
    /// ```
    /// use phx_runtime::prelude::*;
    /// use serde::Serialize;
    ///
    /// #[event("sold")]
    /// #[derive(Serialize)]
    /// struct Sold {
    ///     lot: u64,
    /// }
    ///
    /// fn sell(endpoint: &Endpoint, lot: u64) {
    ///     endpoint.broadcast_event("auction:1", Sold { lot });
    /// }
    /// # sell(&Endpoint::builder().build().unwrap(), 1);
    /// ```
    pub fn broadcast_event<E: TypedEvent>(&self, topic: impl TopicName, event: E) {
        self.broadcast(topic, E::NAME, event);
    }

    /// Closes every connection whose `#[id]` is `id`, on all nodes, with code 1001; their clients
    /// connect again and have to authenticate anew.
    ///
    /// Phoenix counterpart: `Endpoint.broadcast(id, "disconnect", %{})`.
    pub fn disconnect(&self, id: impl TopicName) {
        self.broadcast(id, "disconnect", serde_json::json!({}));
    }

    /// Sends an event to every connection whose `#[id]` is `id`, on all nodes, whichever channels it has joined.
    ///
    /// The topic of the message is the id. The stock client hands it to `socket.onMessage(..)` alone, as no
    /// channel has that topic; to a socket without channels it comes as a [`Broadcast`] in `#[handle_info]`.
    /// Connections that are being established do not get it.
    ///
    /// # Errors
    ///
    /// The payload cannot be encoded, or other nodes cannot be sent so much; then nobody gets it.
    ///
    /// Phoenix counterpart: none; there each client joins a channel of its own for this.
    pub fn try_push_to(
        &self,
        id: impl AsRef<str>,
        event: impl EventName,
        payload: impl ToPayload,
    ) -> Result<(), EncodeError> {
        let payload = payload.to_payload()?;
        let broadcast = for_owner(id.as_ref(), event.as_ref(), &payload)?;
        self.0.pubsub.tell_others(&broadcast)?;
        self.publish(broadcast);
        Ok(())
    }

    /// Sends as [`try_push_to`](Self::try_push_to) does, and logs what cannot be encoded.
    pub fn push_to(&self, id: impl AsRef<str>, event: impl EventName, payload: impl ToPayload) {
        let id = id.as_ref();
        if let Err(error) = self.try_push_to(id, event.as_ref(), payload) {
            log::broadcast_failed(id, event.as_ref(), error);
        }
    }

    /// Sends a typed event to every connection whose `#[id]` is `id`; otherwise as
    /// [`push_to`](Self::push_to).
    pub fn push_event_to<E: TypedEvent>(&self, id: impl AsRef<str>, event: E) {
        self.push_to(id, E::NAME, event);
    }

    /// Receives what is broadcast on a topic from now on, outside of any channel.
    ///
    /// 1,024 broadcasts may wait in it; those that come when there is no room are dropped and counted.
    ///
    /// Phoenix counterpart: `Endpoint.subscribe/2`.
    pub fn subscribe(&self, topic: impl TopicName) -> Subscription {
        Subscription::new(&self.0.pubsub, topic.into())
    }

    /// Hands what is broadcast on a topic from now on to the socket of a connection: it arrives in
    /// [`RawSocket::handle_info`](crate::transport::RawSocket::handle_info) as a
    /// [`Broadcast`](crate::endpoint::Broadcast), until the result is dropped.
    ///
    /// Phoenix counterpart: `Endpoint.subscribe/2` in a socket's `init/1`.
    pub fn forward(&self, topic: impl TopicName, connection: &Connection) -> Forwarding {
        Forwarding::new(&self.0.pubsub, topic.into(), connection)
    }

    /// How many subscribers a topic has on this node: joined channels and subscriptions.
    pub fn subscribers(&self, topic: impl AsRef<str>) -> usize {
        self.0.pubsub.subscribers(topic.as_ref())
    }

    /// The application's state of type `T`.
    ///
    /// # Errors
    ///
    /// None was registered with [`Builder::state`](crate::server::Builder::state).
    pub fn state<T: Any + Clone + Send + Sync>(&self) -> Result<State<T>, Fault> {
        let id = TypeId::of::<T>();
        let made = || self.0.made_states.get(&id).and_then(OnceLock::get);
        let state = self.0.states.get(&id).or_else(made);
        let state = state.and_then(|state| state.downcast_ref::<T>()).cloned();
        state.map(State).ok_or_else(|| {
            Fault::new(format!("no state of type `{}` is registered", std::any::type_name::<T>()))
        })
    }

    /// Whether this server is to be sent clients: false from when it is told to end.
    pub fn is_ready(&self) -> bool {
        self.0.connections.is_serving()
    }

    /// Waits until the server is told to end, for tasks of the application that have something to
    /// finish.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn flush() {}
    /// # fn with(endpoint: phx_runtime::Endpoint) {
    /// tokio::spawn(async move {
    ///     loop {
    ///         tokio::select! {
    ///             () = endpoint.draining() => break,
    ///             () = tokio::time::sleep(Duration::from_secs(1)) => flush().await,
    ///         }
    ///     }
    ///     flush().await;
    /// });
    /// # }
    /// ```
    pub async fn draining(&self) {
        self.0.connections.leaving().await;
    }

    /// How many connections are open on this server: `WebSocket`s, and sessions of long-polling
    /// clients.
    pub fn connections(&self) -> usize {
        self.0.connections.len()
    }

    /// Lets a client in that came over a transport outside of this crate, if the socket mounted at
    /// `path` wants it. The transport then [serves](Admitted::serve) it.
    ///
    /// `path` is the mount's, without the part that belongs to a built-in transport; where the mount's
    /// has variables, they become parameters.
    ///
    /// # Errors
    ///
    /// The socket refuses, nothing is mounted there (status 404), the endpoint is draining or serves as
    /// many connections as it may (503), or that many of this client (429).
    pub async fn connect(
        &self,
        path: &str,
        mut info: ConnectInfo,
    ) -> Result<Admitted, ConnectError> {
        if self.0.connections.are_draining() {
            return Err(ConnectError::new("the server is going away").status(503));
        }
        let asked = RequestPath::new(path, self.0.mounts.iter().map(|mounted| &mounted.path));
        let mut mounts = self.0.mounts.iter();
        let found = mounts.find_map(|mounted| Some((mounted, mounted.path.matches(&asked)?)));
        let Some((mounted, variables)) = found else {
            return Err(ConnectError::new("no such mount").status(404));
        };
        info.params.extend(variables);
        let custom = mounted.custom.as_ref();
        let serializers = custom.map(|custom| custom.settings.serializers.clone());
        let both = || [Version::V1.into(), Version::V2.into()].into();
        let counted = self.count_in(info.peer()).map_err(Whose::too_many)?;
        self.admit(mounted, &serializers.unwrap_or_else(both), info, counted).await
    }

    /// Makes room for a connection of this client, before its socket is asked; or tells whose
    /// connections are too many.
    pub(crate) fn count_in(&self, peer: Option<SocketAddr>) -> Result<Counted, Whose> {
        self.0.connections.count_in(peer, self.0.server.connections)
    }

    /// Lets the socket of a mount decide on a connection.
    pub(crate) async fn admit(
        &self,
        mounted: &Mounted,
        serializers: &Arc<[Protocol]>,
        info: ConnectInfo,
        counted: Counted,
    ) -> Result<Admitted, ConnectError> {
        let (endpoint, mount) = (self.clone(), mounted.mount.clone());
        let serializers = serializers.clone();
        let request = ConnectRequest { info, endpoint, mount, serializers };
        let socket = mounted.connector.connect(request).await?;
        let connections = self.0.connections.clone();
        Ok(Admitted { socket, connections, mount: Some(mounted.index), counted })
    }

    /// What the endpoint's tokens are signed with; see
    /// [`Builder::secret`](crate::server::Builder::secret).
    ///
    /// ```
    /// use phx_runtime::{Endpoint, token::Token};
    ///
    /// let endpoint = Endpoint::builder().secret("at least twenty bytes of secret").build()?;
    /// let token = Token::sign(endpoint.secret(), "user socket", &42)?;
    /// # let _ = token;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn secret(&self) -> &Secret {
        &self.0.secret
    }

    pub(crate) fn publish(&self, broadcast: Broadcast) {
        self.0.pubsub.publish(broadcast, Pace::Now);
    }

    pub(crate) fn pubsub(&self) -> &PubSub {
        &self.0.pubsub
    }

    /// What lines hide, unless the mount says it itself.
    pub(crate) fn filter_parameters<'a>(
        &'a self,
        of_mount: Option<&'a FilterParameters>,
    ) -> &'a FilterParameters {
        of_mount.unwrap_or(&self.0.filter_parameters)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("mounts", &self.0.mounts)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

/// A request for a connection, as [`RawConnect::connect`](crate::socket::RawConnect::connect) gets it.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    pub(crate) info: ConnectInfo,
    pub(crate) endpoint: Endpoint,
    pub(crate) mount: Arc<MountSettings>,
    pub(crate) serializers: Arc<[Protocol]>,
}

impl ConnectRequest {
    /// What is known of the request.
    pub fn info(&self) -> &ConnectInfo {
        &self.info
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What holds for the mount that the client came in through.
    pub fn mount(&self) -> &MountSettings {
        &self.mount
    }

    /// What clients may speak on the transport that this one came over.
    pub fn serializers(&self) -> &[Protocol] {
        &self.serializers
    }
}

/// Makes sockets for a mount, without the socket's type.
pub(crate) trait Connector: Send + Sync {
    /// The socket's name in the log.
    fn socket(&self) -> &'static str;

    /// See [`RawConnect::start`](crate::socket::RawConnect::start).
    fn start(&self, _endpoint: &Endpoint, _mount: &MountSettings) {}

    /// See [`RawConnect::drain`](crate::socket::RawConnect::drain).
    fn drain<'a>(&self, _endpoint: Endpoint, _mount: &'a MountSettings) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn connect(
        &self,
        request: ConnectRequest,
    ) -> BoxFuture<'static, Result<Box<dyn RawSocket>, ConnectError>>;
}

/// A mount together with what makes its sockets.
pub(crate) type Mounted = MountedWith<Box<dyn Connector>>;
