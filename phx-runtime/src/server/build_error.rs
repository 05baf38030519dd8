//! What keeps an endpoint from being built.

use thiserror::Error;

use super::missing_state::MissingState;

/// An endpoint that cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Callbacks take `State<T>`, and no such state was given to [`Builder::state`](super::Builder::state).
    #[error("{}", .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    MissingState {
        /// All states that are missing.
        missing: Vec<MissingState>,
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
    /// The endpoint's own host is invalid.
    #[error("{host:?} is not the endpoint's host: {problem}")]
    Host {
        /// What was given to [`Builder::host`](super::Builder::host).
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An entry of `trust_proxies` that names no proxy.
    #[error("{entry:?} in `trust_proxies` is no proxy: {problem}")]
    TrustedProxy {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A path for questions about the server's health that no request can have.
    #[error("`{option}` is {path:?}, which is no path: it starts with `/`")]
    HealthPath {
        /// The option.
        option: &'static str,
        /// What it was set to.
        path: &'static str,
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
    /// The other nodes could never be reached.
    #[error("the endpoint cannot be a node of this cluster: {problem}")]
    Cluster {
        /// What is wrong.
        problem: String,
    },
    /// Changes of a presence reach the subscribers of one endpoint.
    #[error("the presence is in use by another endpoint")]
    Presence,
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

impl BuildError {
    /// A word for it in metrics and logs: the variant's name, such as `missing_state`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::MissingState { .. } => "missing_state",
            Self::NoTransport { .. } => "no_transport",
            Self::Path { .. } => "path",
            Self::SamePath { .. } => "same_path",
            Self::Setting { .. } => "setting",
            Self::Origin { .. } => "origin",
            Self::Host { .. } => "host",
            Self::UnprotectedSession { .. } => "unprotected_session",
            Self::Subprotocol { .. } => "subprotocol",
            Self::Backlog { .. } => "backlog",
            Self::SessionCookie { .. } => "session_cookie",
            Self::Zero { .. } => "zero",
            Self::Secret => "secret",
            Self::NoSecret { .. } => "no_secret",
            Self::Cluster { .. } => "cluster",
            Self::Presence => "presence",
            Self::TrustedProxy { .. } => "trusted_proxy",
            Self::HealthPath { .. } => "health_path",
        }
    }
}
