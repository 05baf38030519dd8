//! What can be set where a socket is mounted.

use std::{borrow::Cow, time::Duration};

use http::Response;

use super::{
    ConnectError, error_handler::ErrorHandler, origin::CheckOrigin, session_cookie::SessionOptions,
};
use crate::{channel::LogLevel, params::FilterParameters, serializer::Version};

/// A path of the endpoint at which a socket answers, with the options of its transports.
///
/// `#[socket("/socket", websocket, longpoll)]` writes one; the endpoint's builder takes others
/// for values that are known only at start. Phoenix counterpart: `socket "/socket", …`.
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::{CheckOrigin, Mount, WebSocketOptions};
///
/// let mount = Mount::new("/socket")
///     .websocket(
///         WebSocketOptions::new()
///             .timeout(Some(Duration::from_secs(45)))
///             .check_origin(CheckOrigin::list(["https://example.com", "//*.example.org"])),
///     )
///     .max_channels(20);
/// # let _ = mount;
/// ```
#[derive(Clone, Debug)]
pub struct Mount {
    pub(crate) path: Cow<'static, str>,
    pub(crate) websocket: Option<WebSocketOptions>,
    pub(crate) longpoll: Option<LongPollOptions>,
    pub(crate) auth_token: bool,
    pub(crate) max_channels: usize,
    pub(crate) log: LogLevel,
    pub(crate) drainer: Option<Drainer>,
    pub(crate) filter_parameters: Option<FilterParameters>,
    pub(crate) session: Option<SessionOptions>,
}

impl Mount {
    /// A mount at `path`, which starts with `/` and may contain `{name}` segments that become
    /// connection parameters. It has no transport yet.
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            websocket: None,
            longpoll: None,
            auth_token: false,
            max_channels: 100,
            log: LogLevel::Info,
            drainer: Some(Drainer::new()),
            filter_parameters: None,
            session: None,
        }
    }

    /// Serves WebSocket connections at `<path>/websocket`.
    pub fn websocket(mut self, options: WebSocketOptions) -> Self {
        self.websocket = Some(options);
        self
    }

    /// Serves long-polling clients at `<path>/longpoll`.
    ///
    /// A session lives in the process that opened it. Where several serve one address, a client's
    /// requests must all reach the same one; elsewhere its session is unknown and it connects anew.
    pub fn longpoll(mut self, options: LongPollOptions) -> Self {
        self.longpoll = Some(options);
        self
    }

    /// Takes a token from outside the URL: from `Sec-WebSocket-Protocol`, or on long-poll from
    /// `X-Phoenix-AuthToken`. Off by default.
    pub fn auth_token(mut self, on: bool) -> Self {
        self.auth_token = on;
        self
    }

    /// How many channels one connection may have joined; 100 by default.
    ///
    /// Phoenix counterpart: `max_channels_per_transport`.
    pub fn max_channels(mut self, most: usize) -> Self {
        self.max_channels = most;
        self
    }

    /// The level of the log lines about connections; `info` by default.
    pub fn log(mut self, level: LogLevel) -> Self {
        self.log = level;
        self
    }

    /// How connections are told to go elsewhere when the server stops; `None` closes them all at
    /// once.
    pub fn drainer(mut self, drainer: Option<Drainer>) -> Self {
        self.drainer = drainer;
        self
    }

    /// Which parameters the log lines hide; overrides the endpoint's.
    pub fn filter_parameters(mut self, filter: FilterParameters) -> Self {
        self.filter_parameters = Some(filter);
        self
    }

    /// Where the application keeps its session, which `#[connect]` gets as
    /// [`ConnectInfo::session`](crate::ConnectInfo::session); overrides the endpoint's.
    pub fn session(mut self, session: SessionOptions) -> Self {
        self.session = Some(session);
        self
    }
}

/// Options of the WebSocket transport, as written in `websocket(..)`.
#[derive(Clone, Debug)]
pub struct WebSocketOptions {
    pub(crate) path: Cow<'static, str>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_frame_size: usize,
    pub(crate) max_backlog: usize,
    pub(crate) compress: bool,
    pub(crate) subprotocols: Option<Vec<Cow<'static, str>>>,
    pub(crate) error_handler: Option<ErrorHandler>,
    pub(crate) common: CommonOptions,
}

impl WebSocketOptions {
    /// Phoenix's defaults.
    pub fn new() -> Self {
        Self {
            path: "/websocket".into(),
            timeout: Some(Duration::from_mins(1)),
            max_frame_size: 10_000_000,
            max_backlog: 1 << 20,
            compress: false,
            subprotocols: None,
            error_handler: None,
            common: CommonOptions::default(),
        }
    }

    /// What is appended to the mount's path; `/websocket` by default.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Closes a connection from which nothing was received for so long, with code 1002; 60 s by
    /// default, `None` never does.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// The largest message that a client may send, in bytes, fragmented or not; 10,000,000 by
    /// default. A larger one closes the connection with code 1009.
    pub fn max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// How many bytes may wait for a client that reads too slowly; 1 MiB by default. Once more than
    /// that waits, the next message closes the connection with code 1013, and the client comes back
    /// with a fresh state. A single message may be larger.
    pub fn max_backlog(mut self, bytes: usize) -> Self {
        self.max_backlog = bytes;
        self
    }

    /// Offers permessage-deflate (RFC 7692) to clients that ask for it; off by default.
    ///
    /// Every message is compressed by itself: an idle connection holds no window, and a broadcast
    /// is compressed once for all its subscribers. Messages below 128 bytes, and those that would
    /// not get shorter, are sent as they are. [`max_frame_size`](Self::max_frame_size) holds for
    /// what a client's message inflates to. Compression of secrets together with text that an
    /// attacker chooses can give the secrets away by their length; leave it off there.
    pub fn compress(mut self, on: bool) -> Self {
        self.compress = on;
        self
    }

    /// The `Sec-WebSocket-Protocol` values that the server accepts, most preferred first. Without
    /// this, whatever the client offers is ignored.
    pub fn subprotocols<T: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = T>,
    ) -> Self {
        self.subprotocols = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Answers the clients of this mount that are refused: by `#[connect]`, because its parameters do
    /// not decode, or because they speak another protocol version. By default the answer is what the
    /// [`ConnectError`] says.
    ///
    /// Faults stay status 500 with an empty body, and refused origins and subprotocols 403. If the
    /// handler panics, that is logged and the client gets 500. It has no effect on long-poll, whose
    /// clients read the status from the body.
    ///
    /// ```
    /// use phx_runtime::{ConnectError, WebSocketOptions};
    /// use warp::http::{Response, StatusCode};
    ///
    /// fn busy(error: &ConnectError) -> Response<String> {
    ///     let mut response = error.to_response();
    ///     if error.to_string() == "rate_limit" {
    ///         *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    ///         response.headers_mut().insert("retry-after", "30".parse().unwrap());
    ///     }
    ///     response
    /// }
    ///
    /// let options = WebSocketOptions::new().error_handler(busy);
    /// # let _ = options;
    /// ```
    ///
    /// Phoenix counterpart: `error_handler: {module, function, args}`.
    pub fn error_handler(
        mut self,
        handler: impl Fn(&ConnectError) -> Response<String> + Send + Sync + 'static,
    ) -> Self {
        self.error_handler = Some(ErrorHandler::new(handler));
        self
    }

    /// The answer to a client that is not let in.
    pub(crate) fn answer(&self, error: &ConnectError) -> Response<String> {
        match &self.error_handler {
            Some(handler) if !error.is_fault() => handler.answer(error),
            _ => error.to_response(),
        }
    }
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Options of the long-poll transport, as written in `longpoll(..)`.
#[derive(Clone, Debug)]
pub struct LongPollOptions {
    pub(crate) path: Cow<'static, str>,
    pub(crate) window: Duration,
    pub(crate) max_body_size: usize,
    pub(crate) max_backlog: usize,
    pub(crate) token_max_age: Duration,
    pub(crate) common: CommonOptions,
}

impl LongPollOptions {
    /// Phoenix's defaults.
    pub fn new() -> Self {
        Self {
            path: "/longpoll".into(),
            window: Duration::from_secs(10),
            max_body_size: 8_000_000,
            max_backlog: 1 << 20,
            token_max_age: Duration::from_hours(14 * 24),
            common: CommonOptions::default(),
        }
    }

    /// What is appended to the mount's path; `/longpoll` by default.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// How long a poll waits for messages; 10 s by default. A session without requests for one
    /// and a half windows ends. Phoenix counterpart: `window_ms`.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// The largest request body, in bytes; 8,000,000 by default.
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// How many bytes may wait for a client that does not poll; 1 MiB by default. Beyond that the
    /// session ends.
    pub fn max_backlog(mut self, bytes: usize) -> Self {
        self.max_backlog = bytes;
        self
    }

    /// How long a session's token is valid; 14 days by default.
    pub fn token_max_age(mut self, age: Duration) -> Self {
        self.token_max_age = age;
        self
    }
}

impl Default for LongPollOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Options that both transports have.
#[derive(Clone, Debug)]
pub(crate) struct CommonOptions {
    pub(crate) check_origin: Option<CheckOrigin>,
    pub(crate) check_csrf: bool,
    pub(crate) serializers: Vec<Version>,
    pub(crate) transport_log: LogLevel,
}

impl Default for CommonOptions {
    fn default() -> Self {
        Self {
            check_origin: None,
            check_csrf: true,
            serializers: vec![Version::V1, Version::V2],
            transport_log: LogLevel::Off,
        }
    }
}

macro_rules! common_options {
    ($($options:ty),*) => {$(
        impl $options {
            /// Which pages may connect, by the request's `Origin`; the endpoint's setting by
            /// default.
            pub fn check_origin(mut self, check: CheckOrigin) -> Self {
                self.common.check_origin = Some(check);
                self
            }

            /// Whether the session counts only together with its CSRF token, in the connection
            /// parameter `_csrf_token`; on by default. Where a session is read without it, the
            /// origin has to be checked, or the endpoint cannot be built.
            pub fn check_csrf(mut self, on: bool) -> Self {
                self.common.check_csrf = on;
                self
            }

            /// The protocol versions that clients may speak; both by default.
            pub fn serializers(mut self, versions: impl IntoIterator<Item = Version>) -> Self {
                self.common.serializers = versions.into_iter().collect();
                self
            }

            /// The level at which each request of the transport is logged; off by default.
            pub fn transport_log(mut self, level: LogLevel) -> Self {
                self.common.transport_log = level;
                self
            }
        }
    )*};
}

common_options!(WebSocketOptions, LongPollOptions);

/// How connections are told to go elsewhere when the server stops: in batches, with close code
/// 1012.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drainer {
    pub(crate) batch_size: usize,
    pub(crate) batch_interval: Duration,
    pub(crate) shutdown: Duration,
    pub(crate) log: Option<LogLevel>,
}

impl Drainer {
    /// Phoenix's defaults.
    pub const fn new() -> Self {
        Self {
            batch_size: 10_000,
            batch_interval: Duration::from_secs(2),
            shutdown: Duration::from_secs(30),
            log: None,
        }
    }

    /// How many connections are closed at a time; 10,000 by default.
    pub const fn batch_size(mut self, connections: usize) -> Self {
        self.batch_size = connections;
        self
    }

    /// The pause between two batches; 2 s by default.
    pub const fn batch_interval(mut self, pause: Duration) -> Self {
        self.batch_interval = pause;
        self
    }

    /// How long draining may take at most; 30 s by default. What is left then is closed at once.
    pub const fn shutdown(mut self, deadline: Duration) -> Self {
        self.shutdown = deadline;
        self
    }

    /// The level of the line about each batch; by default that of the mount's
    /// [`log`](Mount::log).
    pub const fn log(mut self, level: LogLevel) -> Self {
        self.log = Some(level);
        self
    }
}

impl Default for Drainer {
    fn default() -> Self {
        Self::new()
    }
}
