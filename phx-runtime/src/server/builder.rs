//! Putting an endpoint together.

use std::{
    any::{Any, TypeId},
    collections::{BTreeSet, HashMap},
    fmt,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;

use super::{
    build_error::BuildError,
    checks,
    connectors::{ChannelConnector, DeclaredConnector, RawConnector},
    engines::Clusters,
    host_name::HostName,
    missing_state::missing_states,
};
use crate::{
    channel::IsSocket,
    cluster::{Cluster, Port},
    connect::{
        CheckOrigin, Defaults, ForceSsl, LongPollOptions, Mount, NoOrigin, NoProxy, OwnHost,
        ProxyList, ProxyRule, SessionOptions, TrustedProxies, subprotocols,
    },
    endpoint::{
        AnyState, Connections, Connector, Endpoint, Inner, Mounted, RawConnect, Requirements,
        ServerOptions, State, StateValue, Task,
    },
    log::{self, FilterParameters},
    presence::handle::Presence,
    pubsub::PubSub,
    token::{Secret, SecretBytes},
    transport::longpoll::{RemoteRequests, Sessions},
};

/// Collects sockets, state and settings of an [`Endpoint`].
#[must_use]
pub struct Builder {
    states: HashMap<TypeId, AnyState>,
    /// Those that need the endpoint, in the order in which they are made.
    makers: Vec<(TypeId, MakeState)>,
    /// For the error about those that are missing.
    state_names: BTreeSet<&'static str>,
    mounts: Vec<(Mount, Box<dyn Connector>)>,
    requirements: Requirements,
    filter_parameters: FilterParameters,
    defaults: Defaults,
    host: Option<String>,
    secret: Option<Secret>,
    server: ServerOptions,
    clusters: Clusters,
    proxies: TrustedProxies,
    force_ssl: Option<ForceSsl>,
    tasks: Vec<Task>,
}

/// Makes a state with the endpoint that it is of.
type MakeState = Box<dyn FnOnce(&Endpoint) -> AnyState + Send>;

impl Endpoint {
    /// Starts to put an endpoint together; [`Builder::build`] ends it.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            states: HashMap::new(),
            makers: Vec::new(),
            state_names: BTreeSet::new(),
            mounts: Vec::new(),
            requirements: Requirements::default(),
            filter_parameters: FilterParameters::default(),
            defaults: Defaults {
                check_origin: CheckOrigin::HOST,
                session: None,
                host: OwnHost::Loopback,
            },
            host: None,
            secret: None,
            server: ServerOptions::new(),
            clusters: Clusters::default(),
            proxies: TrustedProxies::default(),
            force_ssl: None,
            tasks: Vec::new(),
        }
    }

    /// Registers application state, which callbacks take as `State<T>`. A second value of the same
    /// type replaces the first.
    pub fn state<T: StateValue>(mut self, state: T) -> Self {
        self.forget::<T>();
        self.states.insert(TypeId::of::<T>(), Box::new(state));
        self.state_names.insert(std::any::type_name::<T>());
        self
    }

    /// Registers application state that needs the endpoint, to broadcast for example. It is made by
    /// [`build`](Self::build), once and before anybody connects; `make` finds the states of
    /// [`state`](Self::state) in the endpoint, and those made before it.
    ///
    /// An endpoint that its own state keeps lives as long as the program.
    ///
    /// ```
    /// use phx_runtime::prelude::*;
    ///
    /// /// Tells everybody of a price.
    /// #[derive(Clone)]
    /// struct Prices(Endpoint);
    ///
    /// impl Prices {
    ///     fn change(&self, share: &str, price: u32) {
    ///         self.0.broadcast(format!("price:{share}"), "changed", json!({ "price": price }));
    ///     }
    /// }
    ///
    /// let endpoint = Endpoint::builder().state_with(|endpoint| Prices(endpoint.clone())).build()?;
    /// endpoint.state::<Prices>().unwrap().change("phx", 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_with<T: StateValue>(
        mut self,
        make: impl FnOnce(&Endpoint) -> T + Send + 'static,
    ) -> Self {
        self.forget::<T>();
        self.makers.push((TypeId::of::<T>(), Box::new(|endpoint| Box::new(make(endpoint)))));
        self.state_names.insert(std::any::type_name::<T>());
        self
    }

    /// A type has one state.
    fn forget<T: Any>(&mut self) {
        let id = TypeId::of::<T>();
        self.states.remove(&id);
        self.makers.retain(|(made, _)| *made != id);
    }

    /// Mounts a socket where its `#[socket(..)]` says.
    pub fn socket<S: IsSocket>(self) -> Self {
        self.socket_with::<S>(|mount| mount)
    }

    /// Mounts a socket with its mount changed, for options that are known only at start. What is
    /// set here wins over the attribute.
    pub fn socket_with<S: IsSocket>(self, change: impl FnOnce(Mount) -> Mount) -> Self {
        self.socket_at::<S>(change(S::mount()))
    }

    /// Mounts a socket at another place; a socket may be mounted several times.
    pub fn socket_at<S: IsSocket>(mut self, mount: Mount) -> Self {
        S::requires(&mut self.requirements);
        if let Some(raw) = S::raw() {
            self.mounts.push((mount, Box::new(DeclaredConnector(raw))));
            return self;
        }
        let table: Arc<[_]> = S::channels().into();
        if table.is_empty() {
            log::no_channels(&mount.path);
        }
        for route in &*table {
            route.requires(&mut self.requirements);
        }
        self.mounts.push((mount, Box::new(ChannelConnector(table))));
        self
    }

    /// Mounts a raw socket, which talks to its clients without channels.
    pub fn raw_socket<R: RawConnect>(mut self, mount: Mount) -> Self {
        R::requires(&mut self.requirements);
        self.mounts.push((mount, Box::new(RawConnector::<R>(PhantomData))));
        self
    }

    /// Which parameters the log hides; `password` and `token` by default.
    pub fn filter_parameters(mut self, filter: FilterParameters) -> Self {
        self.filter_parameters = filter;
        self
    }

    /// Which pages may connect, where a mount does not say; by default those of the endpoint's own
    /// [`host`](Self::host).
    pub fn check_origin(mut self, check: CheckOrigin) -> Self {
        self.defaults.check_origin = check;
        self
    }

    /// Where the application keeps its session, which `#[connect]` gets as
    /// [`ConnectInfo::session`](crate::ConnectInfo::session); a mount may say otherwise.
    ///
    /// A socket that reads it and checks neither the origin nor the CSRF token is refused:
    ///
    /// ```
    /// # use phx_runtime::{ConnectError, socket::{ConnectContext, SocketState}};
    /// # struct UserSocket;
    /// # impl SocketState for UserSocket {
    /// #     fn mount() -> Mount { Mount::new("/socket") }
    /// #     async fn connect(_: ConnectContext) -> Result<Self, ConnectError> { Ok(UserSocket) }
    /// # }
    /// use phx_runtime::{
    ///     Endpoint,
    ///     options::{CheckOrigin, Mount, SessionOptions, WebSocketOptions},
    /// };
    ///
    /// let open = WebSocketOptions::new().check_origin(CheckOrigin::ANY).check_csrf(false);
    /// let endpoint = Endpoint::builder()
    ///     .session(SessionOptions::new("_my_app_key"))
    ///     .socket_at::<UserSocket>(Mount::new("/socket").websocket(open))
    ///     .build();
    /// assert!(endpoint.unwrap_err().to_string().contains("every page on the web"));
    /// ```
    pub fn session(mut self, session: SessionOptions) -> Self {
        self.defaults.session = Some(session);
        self
    }

    /// The host name under which browsers reach the server, without scheme and port. While it is not
    /// set, pages under every name of the machine itself count as the endpoint's own: `localhost` and
    /// what ends with `.localhost`, `127.0.0.1` and `[::1]`.
    pub fn host(mut self, host: impl HostName) -> Self {
        self.host = Some(host.into());
        self
    }

    /// What tokens are signed with, at least 20 bytes: those of [`Token`](crate::token::Token) that
    /// the application makes with [`Endpoint::secret`], and those that tell long-polling clients
    /// apart.
    ///
    /// Without it each process makes up its own, and no token survives a restart or is good for
    /// another server. Phoenix counterpart: `secret_key_base`.
    ///
    /// ```
    /// use phx_runtime::Endpoint;
    ///
    /// let short = Endpoint::builder().secret("guess me").build();
    /// assert!(short.unwrap_err().to_string().contains("at least 20 bytes"));
    /// ```
    pub fn secret(mut self, secret: impl SecretBytes) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// The same where none was given.
    pub(crate) fn secret_or(mut self, secret: &str) -> Self {
        self.secret.get_or_insert_with(|| secret.into());
        self
    }

    /// How the endpoint's own server treats connections. Under `warp::serve` it means nothing.
    pub fn server(mut self, options: ServerOptions) -> Self {
        self.server = options;
        self
    }

    /// Makes the endpoint one of several nodes, which broadcast to each other's clients over an engine:
    /// a URL, or a [`Cluster`](crate::cluster::Cluster) with more to say. All of them need the same
    /// [`secret`](Self::secret).
    ///
    /// With the features `phoenix` and `redis` and a URL such as
    /// `phoenix+redis://127.0.0.1/?pubsub=MyApp.PubSub` it becomes a node of a Phoenix cluster: it hears
    /// what Phoenix nodes broadcast, and they hear it. It may belong to one cluster of each kind.
    ///
    /// Phoenix counterpart: the `adapter` of `Phoenix.PubSub`.
    ///
    /// ```
    /// use phx_runtime::Endpoint;
    ///
    /// let nowhere = Endpoint::builder()
    ///     .secret("at least twenty bytes of secret")
    ///     .cluster("pigeon://post")
    ///     .build();
    /// assert!(nowhere.unwrap_err().to_string().contains("pigeon"));
    /// ```
    pub fn cluster(mut self, cluster: impl Into<Cluster>) -> Self {
        self.clusters.add(cluster.into());
        self
    }

    /// Whose word is taken for where a request comes from, and over what; nobody's by default. See
    /// [`TrustedProxies`].
    pub fn trust_proxies(mut self, proxies: impl ProxyList) -> Self {
        self.proxies = proxies.into();
        self
    }

    /// Sends clients that come unencrypted to where they are not; off by default. Under the
    /// endpoint's own server this holds for all requests, elsewhere for those to the mounts.
    pub fn force_ssl(mut self, force: ForceSsl) -> Self {
        self.force_ssl = Some(force);
        self
    }

    /// Runs a task beside the endpoint's own server: it starts with the server, and gets 5 s to end
    /// by itself once everybody was told to go elsewhere. [`Endpoint::draining`] tells it that this
    /// begins. A panic is logged and ends it alone. Under other servers it never starts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phx_runtime::{Endpoint, json};
    ///
    /// let builder = Endpoint::builder().spawn(|endpoint| async move {
    ///     loop {
    ///         tokio::select! {
    ///             () = endpoint.draining() => return,
    ///             () = tokio::time::sleep(Duration::from_secs(1)) => {}
    ///         }
    ///         endpoint.broadcast("clock", "tick", json!({}));
    ///     }
    /// });
    /// # let _ = builder;
    /// ```
    ///
    /// Phoenix counterpart: a child of the application's supervisor.
    pub fn spawn<F>(mut self, task: impl FnOnce(Endpoint) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.push(Box::new(|endpoint| Box::pin(task(endpoint))));
        self
    }

    /// Checks that everything fits together.
    ///
    /// # Errors
    ///
    /// See [`BuildError`].
    pub fn build(mut self) -> Result<Endpoint, BuildError> {
        let is_registered =
            |id| self.states.contains_key(&id) || self.makers.iter().any(|(made, _)| *made == id);
        let missing = missing_states(self.requirements, is_registered, &self.state_names);
        if !missing.is_empty() {
            return Err(BuildError::MissingState { missing });
        }
        if let Some(option) = self.server.unusable() {
            return Err(BuildError::Zero { option });
        }
        let paths = [("liveness", self.server.liveness), ("readiness", self.server.readiness)];
        for (option, path) in paths {
            if let Some(path) = path.filter(|path| !path.starts_with('/')) {
                return Err(BuildError::HealthPath { option, path });
            }
        }
        let proxies = ProxyRule::new(&self.proxies);
        let proxies = proxies
            .map_err(|NoProxy { entry, problem }| BuildError::TrustedProxy { entry, problem })?;
        if let Some(host) = self.host {
            self.defaults.host = OwnHost::parse(&host)
                .map_err(|problem| BuildError::Host { host: host.clone(), problem })?;
        }
        let mut mounts = Vec::with_capacity(self.mounts.len());
        for (index, (mount, connector)) in self.mounts.into_iter().enumerate() {
            let path = || mount.path.clone().into_owned();
            let subprotocols =
                mount.websocket.iter().flat_map(|it| it.subprotocols.iter().flatten());
            if let Some(name) = subprotocols.into_iter().find(|name| !subprotocols::is_name(name)) {
                return Err(BuildError::Subprotocol { path: path(), name: name.to_string() });
            }
            if let Some(option) = mount.longpoll.as_ref().and_then(LongPollOptions::unusable) {
                return Err(BuildError::Zero { option });
            }
            let mounted = Mounted::new(index, &mount, &self.defaults, connector);
            let mounted = mounted.map_err(|NoOrigin { entry: origin, problem }| {
                BuildError::Origin { path: path(), origin, problem }
            })?;
            mounted.check()?;
            mounts.push(Arc::new(mounted));
        }
        checks::distinct(&mounts)?;
        let pubsub = PubSub::new();
        let cluster = self.clusters.connect(self.secret.as_ref(), &pubsub, &self.states)?;
        let sessions = Sessions::default();
        if let Some(nodes) = cluster.as_ref().and_then(|cluster| cluster.runtimes()) {
            let _ = nodes.serve(Port::LongPoll, Arc::new(RemoteRequests::new(sessions.clone())));
        }
        let inner = Arc::new(Inner {
            secret: secret(self.secret)?,
            states: self.states,
            made_states: self.makers.iter().map(|(id, _)| (*id, OnceLock::new())).collect(),
            pubsub,
            filter_parameters: self.filter_parameters,
            host: self.defaults.host,
            mounts,
            connections: Connections::new(),
            sessions,
            server: self.server,
            cluster,
            proxies,
            force_ssl: self.force_ssl,
            tasks: Mutex::new(self.tasks),
        });
        let endpoint = Endpoint(inner.into());
        for (id, make) in self.makers {
            let made = make(&endpoint);
            if let Some(place) = endpoint.0.made_states.get(&id) {
                let _ = place.set(made);
            }
        }
        // It hears of others from now on, also if nobody is ever tracked here.
        if let Ok(State(presence)) = endpoint.state::<Presence>()
            && !presence.serve(&endpoint)
        {
            return Err(BuildError::Presence);
        }
        for mounted in &endpoint.0.mounts {
            mounted.connector.start(&endpoint, &mounted.mount);
        }
        Ok(endpoint)
    }
}

/// The given secret, or one for as long as the process lives.
fn secret(given: Option<Secret>) -> Result<Secret, BuildError> {
    match given {
        Some(secret) if secret.is_long_enough() => Ok(secret),
        Some(_) => Err(BuildError::Secret),
        None => {
            log::random_secret();
            Secret::random().map_err(|error| BuildError::NoSecret { reason: error.to_string() })
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self.mounts.iter().map(|(mount, _)| &mount.path).collect();
        f.debug_struct("Builder").field("mounts", &paths).finish_non_exhaustive()
    }
}
