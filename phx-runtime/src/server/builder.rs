//! Putting an endpoint together.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    marker::PhantomData,
    sync::Arc,
};

use thiserror::Error;

use super::{
    checks,
    connectors::{ChannelConnector, RawConnector},
};
use crate::endpoint::{
    Connections, Connector, Endpoint, Inner, Mounted, RawConnect, Requirements, ServerOptions,
};
use crate::{
    channel::SocketState,
    connect::LongPollOptions,
    connect::{CheckOrigin, Defaults, Mount, NoOrigin, OwnHost, SessionOptions, subprotocols},
    log::{self, FilterParameters},
    pubsub::PubSub,
    token::Secret,
    transport::longpoll::Sessions,
};

/// Collects sockets, state and settings of an [`Endpoint`].
#[must_use]
pub struct Builder {
    states: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    mounts: Vec<(Mount, Box<dyn Connector>)>,
    requirements: Requirements,
    filter_parameters: FilterParameters,
    defaults: Defaults,
    host: Option<String>,
    secret: Option<Secret>,
    server: ServerOptions,
}

/// An endpoint that cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A callback takes `State<T>`, and no such state was given to [`Builder::state`].
    #[error("`{handler}` needs `State<{type_name}>`: register it with `.state(..)`")]
    MissingState {
        /// The callback.
        handler: &'static str,
        /// The type of the state.
        type_name: &'static str,
    },
    /// A mount without any transport could never be reached.
    #[error("the socket at \"{path}\" has no transport: give it `websocket` or `longpoll`")]
    NoTransport {
        /// The mount's path.
        path: String,
    },
    /// A path that no request can have.
    #[error("\"{path}\" is not a path for a socket: {problem}")]
    Path {
        /// The path, of the mount or with that of its transport.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two transports answer at the same path.
    #[error("the socket at \"{path}\" is never reached: requests go to \"{first}\"")]
    SamePath {
        /// The path that is not reached.
        path: String,
        /// The one that is asked first.
        first: String,
    },
    /// An option of a mount with which no client could be served.
    #[error("the socket at \"{path}\" has a `{option}` that is {problem}")]
    Setting {
        /// The mount's path.
        path: String,
        /// The option.
        option: &'static str,
        /// Why it cannot work.
        problem: &'static str,
    },
    /// An entry in `check_origin` that no browser can send.
    #[error("the socket at \"{path}\" accepts {origin:?}, which is no page's origin: {problem}")]
    Origin {
        /// The mount's path.
        path: String,
        /// The entry.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The endpoint's own host is none.
    #[error("{host:?} is not the endpoint's host: {problem}")]
    Host {
        /// What was given to [`Builder::host`].
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Any page on the web could connect in the name of whoever looks at it.
    #[error(
        "the socket at \"{path}\" reads the session, and neither `check_origin` nor `check_csrf` \
         is on: every page on the web could connect as the user who looks at it"
    )]
    UnprotectedSession {
        /// The mount's path.
        path: String,
    },
    /// A name in `subprotocols` that no client can offer.
    #[error("the socket at \"{path}\" accepts the subprotocol {name:?}, which is not a valid name")]
    Subprotocol {
        /// The mount's path.
        path: String,
        /// The subprotocol.
        name: String,
    },
    /// Clients would be closed before they are behind, or as soon as they are.
    #[error(
        "the socket at \"{path}\" can let nobody fall behind: `max_backlog_hard` is at least \
         `max_backlog`, and `backlog_timeout` is above zero"
    )]
    Backlog {
        /// The mount's path.
        path: String,
    },
    /// A session's cookie that no browser takes, or that is never read.
    #[error("the session's cookie cannot be {name:?}: {problem}")]
    SessionCookie {
        /// The cookie's name.
        name: String,
        /// Why not.
        problem: &'static str,
    },
    /// An option that is zero and must not be: nobody could be served.
    #[error("`{option}` is zero: nobody could be served")]
    Zero {
        /// The option.
        option: &'static str,
    },
    /// The secret could be guessed.
    #[error("the endpoint's secret is too short: it needs at least 20 bytes")]
    Secret,
    /// No secret was given, and none could be made.
    #[error("no secret was given to the endpoint, and none could be made: {reason}")]
    NoSecret {
        /// What the operating system says.
        reason: String,
    },
}

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
            mounts: Vec::new(),
            requirements: Requirements::default(),
            filter_parameters: FilterParameters::default(),
            defaults: Defaults {
                check_origin: CheckOrigin::Host,
                session: None,
                host: OwnHost::Loopback,
            },
            host: None,
            secret: None,
            server: ServerOptions::new(),
        }
    }

    /// Registers application state, which callbacks take as `State<T>`. A second value of the same
    /// type replaces the first.
    pub fn state<T: Any + Clone + Send + Sync>(mut self, state: T) -> Self {
        self.states.insert(TypeId::of::<T>(), Box::new(state));
        self
    }

    /// Mounts a socket where its `#[socket(..)]` says.
    pub fn socket<S: SocketState>(self) -> Self {
        self.socket_with::<S>(|mount| mount)
    }

    /// Mounts a socket with its mount changed, for options that are known only at start. What is
    /// set here wins over the attribute.
    pub fn socket_with<S: SocketState>(self, change: impl FnOnce(Mount) -> Mount) -> Self {
        self.socket_at::<S>(change(S::mount()))
    }

    /// Mounts a socket at another place; a socket may be mounted several times.
    pub fn socket_at<S: SocketState>(mut self, mount: Mount) -> Self {
        let table: Arc<[_]> = S::channels().into();
        if table.is_empty() {
            log::no_channels(&mount.path);
        }
        S::requires(&mut self.requirements);
        for route in &*table {
            route.requires(&mut self.requirements);
        }
        self.mounts.push((mount, Box::new(ChannelConnector(table))));
        self
    }

    /// Mounts a raw socket, which talks to its clients without channels.
    pub fn raw_socket<R: RawConnect>(mut self, mount: Mount) -> Self {
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
    /// # use futures_util::future::BoxFuture;
    /// # use phx_runtime::{ConnectContext, ConnectError, SocketState};
    /// # struct UserSocket;
    /// # impl SocketState for UserSocket {
    /// #     fn mount() -> Mount { Mount::new("/socket") }
    /// #     fn connect(_: ConnectContext) -> BoxFuture<'static, Result<Self, ConnectError>> {
    /// #         Box::pin(async { Ok(UserSocket) })
    /// #     }
    /// # }
    /// use phx_runtime::{CheckOrigin, Endpoint, Mount, SessionOptions, WebSocketOptions};
    ///
    /// let open = WebSocketOptions::new().check_origin(CheckOrigin::Any).check_csrf(false);
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
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// What tokens are signed with, at least 20 bytes: those of [`Token`](crate::Token) that the
    /// application makes with [`Endpoint::secret`], and those that tell long-polling clients apart.
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
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// How the endpoint's own server treats connections. Under `warp::serve` it means nothing.
    pub fn server(mut self, options: ServerOptions) -> Self {
        self.server = options;
        self
    }

    /// Checks that everything fits together.
    ///
    /// # Errors
    ///
    /// See [`BuildError`].
    pub fn build(mut self) -> Result<Endpoint, BuildError> {
        for needed in self.requirements.into_needed() {
            if !self.states.contains_key(&needed.type_id) {
                let (handler, type_name) = (needed.handler, needed.type_name);
                return Err(BuildError::MissingState { handler, type_name });
            }
        }
        if let Some(option) = self.server.unusable() {
            return Err(BuildError::Zero { option });
        }
        if let Some(host) = self.host {
            self.defaults.host = OwnHost::parse(&host)
                .map_err(|problem| BuildError::Host { host: host.clone(), problem })?;
        }
        let mut mounts = Vec::with_capacity(self.mounts.len());
        for (mount, connector) in self.mounts {
            let path = || mount.path.clone().into_owned();
            let subprotocols =
                mount.websocket.iter().flat_map(|it| it.subprotocols.iter().flatten());
            if let Some(name) = subprotocols.into_iter().find(|name| !subprotocols::is_name(name)) {
                return Err(BuildError::Subprotocol { path: path(), name: name.to_string() });
            }
            if let Some(option) = mount.longpoll.as_ref().and_then(LongPollOptions::unusable) {
                return Err(BuildError::Zero { option });
            }
            let mounted = Mounted::new(&mount, &self.defaults, connector);
            let mounted = mounted.map_err(|NoOrigin { entry: origin, problem }| {
                BuildError::Origin { path: path(), origin, problem }
            })?;
            mounted.check()?;
            mounts.push(mounted);
        }
        checks::distinct(&mounts)?;
        Ok(Endpoint(Arc::new(Inner {
            secret: secret(self.secret)?,
            states: self.states,
            pubsub: PubSub::new(),
            filter_parameters: self.filter_parameters,
            host: self.defaults.host,
            mounts,
            connections: Connections::new(),
            sessions: Sessions::default(),
            server: self.server,
        })))
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
