//! What holds for a mount once it is built: what was set for it, and the defaults of what was not.
//!
//! Each setting is read here, and nowhere else.

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::{HeaderValue, Response};
use serde_json::Value;

use super::{
    connect_error::ConnectError,
    error_handler::ErrorHandler,
    limits::{Limits, TransportLimits},
    options::{CommonOptions, Drainer, LongPollOptions, Mount, WebSocketOptions},
    origin::{CheckOrigin, NoOrigin, OriginRule, OwnHost},
    rate::Rate,
    session_cookie::SessionOptions,
    subprotocols,
};
use crate::{
    connection::{BacklogLimits, Budget},
    log::{FilterParameters, LogLevel},
    serializer::{Protocol, Version},
    token::TokenAge,
    transport::{TransportKind, longpoll::SessionLimits},
};

/// No time is longer, so that points in time can be reckoned with.
const LONGEST: Duration = Duration::from_hours(24 * 365);

fn capped(duration: Option<Duration>, default: Duration) -> Duration {
    duration.unwrap_or(default).min(LONGEST)
}

/// What the endpoint says where a mount does not.
pub(crate) struct Defaults {
    pub(crate) check_origin: CheckOrigin,
    pub(crate) session: Option<SessionOptions>,
    pub(crate) host: OwnHost,
}

/// What holds for a mount's connections, whichever transport they have.
#[derive(Debug)]
pub struct MountSettings {
    pub(crate) path: Cow<'static, str>,
    pub(crate) max_channels: usize,
    pub(crate) max_queue: usize,
    pub(crate) max_rate: Option<Rate>,
    pub(crate) event_rates: Vec<(Cow<'static, str>, Rate)>,
    pub(crate) log: LogLevel,
    pub(crate) filter_parameters: Option<FilterParameters>,
    transports: Vec<&'static str>,
    transport_limits: Vec<TransportLimits>,
    /// None closes all connections at once.
    pub(crate) drainer: Option<DrainerSettings>,
}

impl MountSettings {
    /// The path, as it was written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// See [`Mount::max_channels`].
    pub fn max_channels(&self) -> usize {
        self.max_channels
    }

    /// See [`Mount::max_queue`].
    pub fn max_queue(&self) -> usize {
        self.max_queue
    }

    /// See [`Mount::log`].
    pub fn log(&self) -> LogLevel {
        self.log
    }

    /// The names of the transports that the mount has: `websocket`, `longpoll`, `custom`.
    pub fn transports(&self) -> &[&'static str] {
        &self.transports
    }

    /// What clients of this transport get that ask what they may send.
    pub(crate) fn limits(&self, transport: TransportKind) -> Value {
        let of_transport = self.transport_limits.iter().find(|it| it.transport == transport);
        let (max_channels, max_rate) = (self.max_channels, self.max_rate);
        Limits { of_transport, max_channels, max_rate, event_rates: &self.event_rates }.shown()
    }

    pub(crate) fn new(mount: &Mount) -> Self {
        let log = mount.log.unwrap_or(LogLevel::Info);
        let transports = [
            mount.websocket.is_some().then_some("websocket"),
            mount.longpoll.is_some().then_some("longpoll"),
            mount.custom.is_some().then_some("custom"),
        ];
        let websocket = mount.websocket.as_ref().map(|options| TransportLimits {
            transport: TransportKind::WebSocket,
            max_message: max_frame_size(options),
            timeout: timeout(options),
        });
        let longpoll = mount.longpoll.as_ref().map(|options| TransportLimits {
            transport: TransportKind::LongPoll,
            max_message: max_body_size(options),
            timeout: None,
        });
        Self {
            transports: transports.into_iter().flatten().collect(),
            transport_limits: websocket.into_iter().chain(longpoll).collect(),
            path: mount.path.clone(),
            max_channels: mount.max_channels.unwrap_or(100),
            max_queue: mount.max_queue.unwrap_or(1 << 20),
            max_rate: mount.max_rate,
            event_rates: mount.event_rates.clone(),
            log,
            filter_parameters: mount.filter_parameters.clone(),
            drainer: mount.drainer.as_ref().map(|drainer| DrainerSettings::new(drainer, log)),
        }
    }
}

/// How a mount's connections are told to go elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrainerSettings {
    pub(crate) batch_size: usize,
    pub(crate) batch_interval: Duration,
    /// Whether the batches are small ones that follow each other quickly.
    pub(crate) is_even: bool,
    pub(crate) shutdown: Duration,
    pub(crate) log: LogLevel,
}

impl DrainerSettings {
    fn new(drainer: &Drainer, log_of_mount: LogLevel) -> Self {
        let (batch_size, batch_interval) = match drainer.rate {
            Some(rate) => even(rate),
            None => (drainer.batch_size.unwrap_or(10_000), drainer.batch_interval),
        };
        Self {
            batch_size,
            batch_interval: capped(batch_interval, Duration::from_secs(2)),
            is_even: drainer.rate.is_some(),
            shutdown: capped(drainer.shutdown, Duration::from_secs(30)),
            log: drainer.log.unwrap_or(log_of_mount),
        }
    }
}

/// Batches that make up a rate: ten each second, or as many as there are connections to close.
fn even(rate: usize) -> (usize, Option<Duration>) {
    let size = rate.div_ceil(10);
    let nanos = (size as u128 * 1_000_000_000).checked_div(rate as u128).unwrap_or_default();
    (size, u64::try_from(nanos).ok().map(Duration::from_nanos))
}

/// One transport of a mount.
pub(crate) struct TransportSettings<T> {
    pub(crate) serializers: Arc<[Protocol]>,
    pub(crate) check_origin: OriginRule,
    pub(crate) auth_token: bool,
    pub(crate) session: Option<SessionOptions>,
    pub(crate) check_csrf: bool,
    /// The level of the line about each request.
    pub(crate) log: LogLevel,
    /// What this transport alone has.
    pub(crate) own: T,
}

impl<T> TransportSettings<T> {
    fn new(
        mount: &Mount,
        common: &CommonOptions,
        all: &Defaults,
        own: T,
    ) -> Result<Self, NoOrigin> {
        let serializers = common.serializers.clone();
        let serializers =
            serializers.unwrap_or_else(|| vec![Version::V1.into(), Version::V2.into()]);
        let check_origin = common.check_origin.as_ref().unwrap_or(&all.check_origin);
        Ok(Self {
            serializers: serializers.into(),
            check_origin: OriginRule::new(check_origin, &all.host)?,
            auth_token: mount.auth_token.unwrap_or(false),
            session: mount.session.as_ref().or(all.session.as_ref()).cloned(),
            check_csrf: common.check_csrf.unwrap_or(true),
            log: common.transport_log.unwrap_or(LogLevel::Off),
            own,
        })
    }

    /// Whether every page of the web can connect with the session of whoever looks at it.
    pub(crate) fn gives_session_to_any_page(&self) -> bool {
        self.session.is_some() && !self.check_csrf && matches!(self.check_origin, OriginRule::Any)
    }
}

/// What WebSocket connections alone have.
pub(crate) struct WebSocketSettings {
    pub(crate) path: Cow<'static, str>,
    /// None waits for ever.
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_frame_size: usize,
    /// Shared, because each connection has them.
    pub(crate) backlog: Arc<BacklogLimits>,
    pub(crate) compress: bool,
    /// What is accepted of `Sec-WebSocket-Protocol`; none if it does not matter.
    pub(crate) subprotocols: Option<Vec<HeaderValue>>,
    error_handler: Option<ErrorHandler>,
    pub(crate) refuse_by_close: bool,
}

impl WebSocketSettings {
    /// None if the mount has no such transport.
    pub(crate) fn of(
        mount: &Mount,
        all: &Defaults,
    ) -> Result<Option<TransportSettings<Self>>, NoOrigin> {
        let Some(options) = &mount.websocket else { return Ok(None) };
        let auth_token = mount.auth_token.unwrap_or(false);
        let own = Self {
            path: options.path.clone().unwrap_or("/websocket".into()),
            timeout: timeout(options),
            max_frame_size: max_frame_size(options),
            backlog: backlog(
                options.max_backlog,
                options.max_backlog_hard,
                options.backlog_timeout,
            )
            .into(),
            compress: options.compress.unwrap_or(false),
            subprotocols: subprotocols::accepted(options.subprotocols.as_deref(), auth_token),
            error_handler: options.error_handler.clone(),
            refuse_by_close: options.refuse_by_close.unwrap_or(false),
        };
        TransportSettings::new(mount, &options.common, all, own).map(Some)
    }

    /// The answer to a client that is not let in.
    pub(crate) fn answer(&self, error: &ConnectError) -> Response<String> {
        match &self.error_handler {
            Some(handler) if !error.is_fault() => handler.answer(error),
            _ => error.to_response(),
        }
    }
}

/// What transports from outside have: nothing but what all have.
pub(crate) struct CustomSettings;

impl CustomSettings {
    /// None if the mount has no such transport.
    pub(crate) fn of(
        mount: &Mount,
        all: &Defaults,
    ) -> Result<Option<TransportSettings<Self>>, NoOrigin> {
        let Some(options) = &mount.custom else { return Ok(None) };
        TransportSettings::new(mount, &options.common, all, Self).map(Some)
    }
}

/// What long-polling sessions alone have.
pub(crate) struct LongPollSettings {
    pub(crate) path: Cow<'static, str>,
    pub(crate) window: Duration,
    pub(crate) max_body_size: usize,
    pub(crate) backlog: BacklogLimits,
    /// What waits for all clients of the mount.
    pub(crate) budget: Arc<Budget>,
    pub(crate) token_age: TokenAge,
    pub(crate) sessions: SessionLimits,
    /// How long a session lives until the first request that has its token.
    pub(crate) first_request_timeout: Duration,
}

impl LongPollSettings {
    /// None if the mount has no such transport.
    pub(crate) fn of(
        mount: &Mount,
        all: &Defaults,
    ) -> Result<Option<TransportSettings<Self>>, NoOrigin> {
        let Some(options) = &mount.longpoll else { return Ok(None) };
        let sessions = SessionLimits {
            all: options.max_sessions.unwrap_or(16_384),
            per_peer: options.max_sessions_per_peer.unwrap_or(4096),
        };
        let own = Self {
            path: options.path.clone().unwrap_or("/longpoll".into()),
            window: capped(options.window, Duration::from_secs(10)),
            max_body_size: max_body_size(options),
            backlog: backlog(
                options.max_backlog,
                options.max_backlog_hard,
                options.backlog_timeout,
            ),
            token_age: TokenAge::at_most(
                options.token_max_age.unwrap_or(Duration::from_hours(14 * 24)),
            )
            .leeway(options.token_leeway.unwrap_or(TokenAge::LEEWAY)),
            budget: Budget::new(options.max_backlog_total.unwrap_or(128 << 20), sessions.all),
            sessions,
            first_request_timeout: capped(options.first_request_timeout, Duration::from_secs(5)),
        };
        TransportSettings::new(mount, &options.common, all, own).map(Some)
    }
}

fn timeout(options: &WebSocketOptions) -> Option<Duration> {
    options.timeout.unwrap_or(Some(Duration::from_mins(1))).map(|it| it.min(LONGEST))
}

fn max_frame_size(options: &WebSocketOptions) -> usize {
    options.max_frame_size.unwrap_or(10_000_000)
}

fn max_body_size(options: &LongPollOptions) -> usize {
    options.max_body_size.unwrap_or(8_000_000)
}

fn backlog(max: Option<usize>, hard: Option<usize>, timeout: Option<Duration>) -> BacklogLimits {
    let defaults = BacklogLimits::new(max.unwrap_or(1 << 20));
    BacklogLimits {
        hard: hard.unwrap_or(defaults.hard),
        timeout: capped(timeout, defaults.timeout),
        ..defaults
    }
}
