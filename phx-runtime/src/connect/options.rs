//! What can be set where a socket is mounted.
//!
//! An option that was not set is `None` here, so that options can be laid over others; what holds in
//! the end, with the defaults, is in [`settings`](super::settings) alone.

use std::{borrow::Cow, time::Duration};

use http::Response;

use super::{
    connect_error::ConnectError, error_handler::ErrorHandler, origin::CheckOrigin, rate::Rate,
    session_cookie::SessionOptions,
};
use crate::{
    log::{FilterParameters, LogLevel},
    serializer::{Protocol, Speakable},
};

/// Options of which each was set or not.
macro_rules! options {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($field:ident: $type:ty,)*
            $(..$part:ident: $part_type:ty,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Default)]
        $visibility struct $name {
            $(pub(crate) $field: Option<$type>,)*
            $(pub(super) $part: $part_type,)?
        }

        impl $name {
            /// Sets nothing: every option has its default, or stays as it is where these options are
            /// laid over others.
            $visibility const fn new() -> Self {
                Self { $($field: None,)* $($part: <$part_type>::new(),)? }
            }

            /// These options, and those of `earlier` where one is not set here.
            fn over(self, earlier: Self) -> Self {
                Self {
                    $($field: self.$field.or(earlier.$field),)*
                    $($part: self.$part.over(earlier.$part),)?
                }
            }
        }
    };
}

/// A path of the endpoint at which a socket answers, with the options of its transports.
///
/// `#[socket("/socket", websocket, longpoll)]` writes one; the endpoint's builder takes others
/// for values that are known only at start. Phoenix counterpart: `socket "/socket", …`.
///
/// Whatever is set twice, in the attribute and then on a builder, has the later value. That holds for
/// each option by itself: what is not set again stays as it was.
///
/// ```
/// use std::time::Duration;
/// use phx_runtime::options::{CheckOrigin, Mount, WebSocketOptions};
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
    pub(crate) custom: Option<CustomOptions>,
    pub(super) auth_token: Option<bool>,
    pub(super) max_channels: Option<usize>,
    pub(super) max_queue: Option<usize>,
    pub(super) max_rate: Option<Rate>,
    pub(super) event_rates: Vec<(Cow<'static, str>, Rate)>,
    pub(super) log: Option<LogLevel>,
    pub(super) drainer: Option<Drainer>,
    pub(super) filter_parameters: Option<FilterParameters>,
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
            custom: None,
            auth_token: None,
            max_channels: None,
            max_queue: None,
            max_rate: None,
            event_rates: Vec::new(),
            log: None,
            drainer: Some(Drainer::new()),
            filter_parameters: None,
            session: None,
        }
    }

    /// Serves WebSocket connections at `<path>/websocket`. If it did already, the options that are set
    /// here are laid over those from before:
    ///
    /// ```
    /// use std::time::Duration;
    /// use phx_runtime::options::{CheckOrigin, Mount, WebSocketOptions};
    ///
    /// let attribute = WebSocketOptions::new().timeout(Some(Duration::from_secs(45)));
    /// let at_start = WebSocketOptions::new().check_origin(CheckOrigin::list(["https://example.com"]));
    /// // Has both, a timeout of 45 s and the list.
    /// let mount = Mount::new("/socket").websocket(attribute).websocket(at_start);
    /// # let _ = mount;
    /// ```
    pub fn websocket(mut self, options: WebSocketOptions) -> Self {
        self.websocket = Some(options.over(self.websocket.unwrap_or_default()));
        self
    }

    /// Serves long-polling clients at `<path>/longpoll`. If it did already, the options that are set
    /// here are laid over those from before.
    ///
    /// A session lives in the process that opened it. Where several serve one address, a client's
    /// requests must all reach the same one; elsewhere its session is unknown and it connects anew.
    pub fn longpoll(mut self, options: LongPollOptions) -> Self {
        self.longpoll = Some(options.over(self.longpoll.unwrap_or_default()));
        self
    }

    /// Is open to transports from outside of this crate, through
    /// [`Endpoint::door`](crate::Endpoint::door); a mount may have those alone. If it was already, the
    /// options that are set here are laid over those from before.
    pub fn custom(mut self, options: CustomOptions) -> Self {
        self.custom = Some(options.over(self.custom.unwrap_or_default()));
        self
    }

    /// Takes a token from outside the URL: from `Sec-WebSocket-Protocol`, or on long-poll from
    /// `X-Phoenix-AuthToken`. Off by default.
    pub fn auth_token(mut self, on: bool) -> Self {
        self.auth_token = Some(on);
        self
    }

    /// Whether a client's token is taken from outside of the URL.
    pub(crate) fn takes_auth_token(&self) -> bool {
        self.auth_token.unwrap_or(false)
    }

    /// How many channels one connection may have joined; 100 by default. A channel counts until its
    /// `#[terminate]` is through.
    ///
    /// Phoenix counterpart: `max_channels_per_transport`.
    pub fn max_channels(mut self, most: usize) -> Self {
        self.max_channels = Some(most);
        self
    }

    /// How many bytes of a client's messages may wait for its own busy handlers; 1 MiB by default.
    /// While more than that waits, or 1,000 messages, nothing is read from the connection. A message
    /// counts as a whole, uncompressed, and one alone may be larger.
    pub fn max_queue(mut self, bytes: usize) -> Self {
        self.max_queue = Some(bytes);
        self
    }

    /// How many messages with events of the application one connection may send; no limit by default.
    /// One that comes too early is not handled: it is answered with the error
    /// `{"reason": "rate limited", "retry_after_ms": 120}`, and counted in
    /// `phx_messages_rate_limited_total`. Joins, leaves and heartbeats do not count.
    ///
    /// ```
    /// use phx_runtime::options::{Mount, Rate};
    ///
    /// let mount = Mount::new("/socket")
    ///     .max_rate(Rate::per_second(50).burst(100))
    ///     .max_event_rate("new_msg", Rate::per_second(2).burst(10));
    /// # let _ = mount;
    /// ```
    pub fn max_rate(mut self, rate: Rate) -> Self {
        self.max_rate = Some(rate);
        self
    }

    /// How many messages with this event one connection may send, whatever its topic, beside
    /// [`max_rate`](Self::max_rate); no limit by default. May be set for several events.
    pub fn max_event_rate(mut self, event: impl Into<Cow<'static, str>>, rate: Rate) -> Self {
        let event = event.into();
        self.event_rates.retain(|(known, _)| *known != event);
        self.event_rates.push((event, rate));
        self
    }

    /// The level of the log lines about connections; `info` by default.
    pub fn log(mut self, level: LogLevel) -> Self {
        self.log = Some(level);
        self
    }

    /// How connections are told to go elsewhere when the server stops, laid over what was set before;
    /// `None` closes them all at once.
    pub fn drainer(mut self, drainer: Option<Drainer>) -> Self {
        self.drainer = drainer.map(|drainer| drainer.over(self.drainer.unwrap_or_default()));
        self
    }

    /// Which parameters the log lines hide; overrides the endpoint's.
    pub fn filter_parameters(mut self, filter: FilterParameters) -> Self {
        self.filter_parameters = Some(filter);
        self
    }

    /// Where the application keeps its session, which `#[connect]` gets as
    /// [`ConnectInfo::session`](crate::ConnectInfo::session); overrides the endpoint's, with all its
    /// options, since a session is read where it was set.
    pub fn session(mut self, session: SessionOptions) -> Self {
        self.session = Some(session);
        self
    }
}

options! {
    /// Options of the WebSocket transport, as written in `websocket(..)`.
    pub struct WebSocketOptions {
        path: Cow<'static, str>,
        timeout: Option<Duration>,
        max_frame_size: usize,
        max_backlog: usize,
        max_backlog_hard: usize,
        backlog_timeout: Duration,
        compress: bool,
        subprotocols: Vec<Cow<'static, str>>,
        error_handler: ErrorHandler,
        refuse_by_close: bool,
        ..common: CommonOptions,
    }
}

impl WebSocketOptions {
    /// What is appended to the mount's path; `/websocket` by default.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Closes a connection from which nothing was received for so long, with code 1002; 60 s by
    /// default, `None` never does.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The largest message that a client may send, in bytes, fragmented or not; 10,000,000 by
    /// default. A larger one closes the connection with code 1009.
    pub fn max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = Some(bytes);
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
        self.compress = Some(on);
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
    /// use phx_runtime::{ConnectError, options::WebSocketOptions};
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

    /// Refuses clients in a way that pages can read; off by default. A page does not see the status
    /// of a handshake that fails. So the handshake is accepted, and the connection closed at once. Of
    /// the answer that a client would have had, the status gives the code: 4500 and what it has above
    /// 400, such as 4501 for 401 and 4503 for 403, which say "do not come back"; 4429 for 408, 425 and
    /// 429, and 1013 from 500 on, which say "come back later". The text is the body, up to 123
    /// bytes, or else what the status is called.
    ///
    /// For clients that go by these codes. The stock client takes the connection for a success, and comes
    /// back 10 ms later each time. Refused origins and handshakes that are none get their status in any
    /// case.
    pub fn refuse_by_close(mut self, on: bool) -> Self {
        self.refuse_by_close = Some(on);
        self
    }
}

options! {
    /// Options of the long-poll transport, as written in `longpoll(..)`.
    pub struct LongPollOptions {
        path: Cow<'static, str>,
        window: Duration,
        max_body_size: usize,
        max_backlog: usize,
        max_backlog_hard: usize,
        backlog_timeout: Duration,
        token_max_age: Duration,
        token_leeway: Duration,
        max_backlog_total: usize,
        max_sessions: usize,
        max_sessions_per_peer: usize,
        first_request_timeout: Duration,
        ..common: CommonOptions,
    }
}

impl LongPollOptions {
    /// What is appended to the mount's path; `/longpoll` by default.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// How long a poll waits for messages; 10 s by default. A session without requests for one
    /// and a half windows ends. Phoenix counterpart: `window_ms`.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// The largest request body, in bytes; 8,000,000 by default.
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = Some(bytes);
        self
    }

    /// How long a session's token is valid; 14 days by default.
    pub fn token_max_age(mut self, age: Duration) -> Self {
        self.token_max_age = Some(age);
        self
    }

    /// How far the clock of the server that gave out a token may be ahead; 60 s by default.
    pub fn token_leeway(mut self, leeway: Duration) -> Self {
        self.token_leeway = Some(leeway);
        self
    }

    /// How many bytes may wait for all clients of the mount together, 128 MiB by default, answers
    /// that are not written yet included. While more does, a session for which more waits than its
    /// even share, this divided by [`max_sessions`](Self::max_sessions), ends with the next message
    /// for it, and what waits is dropped. So twice as much waits at most, and what the application
    /// sends in one go.
    pub fn max_backlog_total(mut self, bytes: usize) -> Self {
        self.max_backlog_total = Some(bytes);
        self
    }

    /// How many sessions the mount may have at a time; 16,384 by default. A further client gets status
    /// 503 with `Retry-After`, before `#[connect]` runs.
    pub fn max_sessions(mut self, most: usize) -> Self {
        self.max_sessions = Some(most);
        self
    }

    /// How many of them the clients of one address may have; 4,096 by default. In IPv6 a network of 64
    /// bits counts as one address. Where all clients come through a proxy, theirs is the proxy's
    /// address: set this to [`max_sessions`](Self::max_sessions) there. Without a known address, as
    /// under plain `warp::serve`, it means nothing.
    pub fn max_sessions_per_peer(mut self, most: usize) -> Self {
        self.max_sessions_per_peer = Some(most);
        self
    }

    /// How long a session lives until the first request that uses its token, at most one and a half
    /// windows; 5 s by default. Clients poll as soon as they have the token.
    pub fn first_request_timeout(mut self, timeout: Duration) -> Self {
        self.first_request_timeout = Some(timeout);
        self
    }

    /// An option with which nobody could be served.
    pub(crate) fn unusable(&self) -> Option<&'static str> {
        let zero = |option: Option<usize>| option == Some(0);
        if zero(self.max_backlog_total) {
            Some("max_backlog_total")
        } else if zero(self.max_sessions) {
            Some("max_sessions")
        } else if zero(self.max_sessions_per_peer) {
            Some("max_sessions_per_peer")
        } else if self.first_request_timeout == Some(Duration::ZERO) {
            Some("first_request_timeout")
        } else {
            None
        }
    }
}

options! {
    /// Options that both transports have.
    pub(crate) struct CommonOptions {
        check_origin: CheckOrigin,
        check_csrf: bool,
        serializers: Vec<Protocol>,
        transport_log: LogLevel,
    }
}

options! {
    /// Options of transports from outside of this crate. What such a transport has beside these is its
    /// own affair.
    pub struct CustomOptions {
        ..common: CommonOptions,
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
                self.common.check_csrf = Some(on);
                self
            }

            /// What clients may speak: versions of the protocol, older ones of it, and serializers of
            /// your own. Both versions by default. The first that takes a client's `vsn` is used; see
            /// [`Protocol`].
            pub fn serializers<P: Speakable>(
                mut self,
                protocols: impl IntoIterator<Item = P>,
            ) -> Self {
                self.common.serializers = Some(protocols.into_iter().map(P::into).collect());
                self
            }

            /// The level at which each request of the transport is logged; off by default.
            pub fn transport_log(mut self, level: LogLevel) -> Self {
                self.common.transport_log = Some(level);
                self
            }
        }
    )*};
}

common_options!(WebSocketOptions, LongPollOptions, CustomOptions);

macro_rules! backlog_options {
    ($($options:ty),*) => {$(
        impl $options {
            /// How many bytes may wait for a client without its being behind; 1 MiB by default.
            ///
            /// What one callback sends is delivered to a client that reads, however much it is. A
            /// client that stays behind for [`backlog_timeout`](Self::backlog_timeout) is closed with
            /// code 1013, or its long-poll session ends, and it comes back with a fresh state.
            pub fn max_backlog(mut self, bytes: usize) -> Self {
                self.max_backlog = Some(bytes);
                self
            }

            /// How many bytes may wait for a client at all; 16 times
            /// [`max_backlog`](Self::max_backlog) by default. Above that it is closed at once.
            ///
            /// What is sent in one go, such as one large message or all that one callback pushes, may
            /// be more. While more than half of this waits for a client, no messages of its own are
            /// handled. The memory that slow readers can take is their number times this.
            pub fn max_backlog_hard(mut self, bytes: usize) -> Self {
                self.max_backlog_hard = Some(bytes);
                self
            }

            /// How long more than [`max_backlog`](Self::max_backlog) bytes may wait for a client
            /// without getting below; 10 s by default.
            pub fn backlog_timeout(mut self, timeout: Duration) -> Self {
                self.backlog_timeout = Some(timeout);
                self
            }
        }
    )*};
}

backlog_options!(WebSocketOptions, LongPollOptions);

options! {
    /// How connections are told to go elsewhere when the server stops: in batches, with close code
    /// 1012.
    #[derive(PartialEq, Eq)]
    pub struct Drainer {
        batch_size: usize,
        batch_interval: Duration,
        rate: usize,
        shutdown: Duration,
        log: LogLevel,
    }
}

impl Drainer {
    /// How many connections are closed each second, evenly spread, instead of in batches; not set by
    /// default. Stock clients connect again within 10 ms, so this is how many the other servers get
    /// each second. Set [`shutdown`](Self::shutdown) so that it is enough time for all.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phx_runtime::options::Drainer;
    ///
    /// // 50,000 clients within 100 s.
    /// let drainer = Drainer::new().rate(500).shutdown(Duration::from_secs(120));
    /// # let _ = drainer;
    /// ```
    pub const fn rate(mut self, connections_per_second: usize) -> Self {
        self.rate = Some(connections_per_second);
        self
    }

    /// How many connections are closed at a time; 10,000 by default.
    pub const fn batch_size(mut self, connections: usize) -> Self {
        self.batch_size = Some(connections);
        self
    }

    /// The pause between two batches; 2 s by default.
    pub const fn batch_interval(mut self, pause: Duration) -> Self {
        self.batch_interval = Some(pause);
        self
    }

    /// How long draining may take at most; 30 s by default. What is left then is closed at once.
    pub const fn shutdown(mut self, deadline: Duration) -> Self {
        self.shutdown = Some(deadline);
        self
    }

    /// The level of the line about each batch; by default that of the mount's
    /// [`log`](Mount::log).
    pub const fn log(mut self, level: LogLevel) -> Self {
        self.log = Some(level);
        self
    }
}
